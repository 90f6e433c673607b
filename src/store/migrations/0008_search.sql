-- runs with: 5
-- Every three characters that stand beside each other in a text, in lower case: what a search by a part of it goes by. A text
-- that has all of a question's is looked at, any other is not. The indexes over it are built beside (search-table.ts), as
-- that takes minutes and must stop nobody. No extension: pg_trgm is not everywhere, and not everybody may create one.
CREATE OR REPLACE FUNCTION search_grams(text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$
  SELECT coalesce(array_agg(DISTINCT substr(lower($1), n, 3)), '{}')
  FROM generate_series(1, length(lower($1)) - 2) n
$$;
