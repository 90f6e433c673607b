// The least rights of each role: what a process may do with the tables, and nothing else. A test runs both with just these.

/** Who serves: `control` is the role `all` or `control` of a process, `gateway` the role `gateway`. */
export const databaseRoles = ['control', 'gateway'] as const
export type DatabaseRole = (typeof databaseRoles)[number]

/** By table. An audit is only added to. */
export const grants: Readonly<Record<DatabaseRole, Readonly<Record<string, string>>>> = {
  control: {
    schema_migration: 'SELECT',
    head: 'SELECT, UPDATE',
    merchant: 'SELECT, INSERT, UPDATE',
    api_key: 'SELECT, INSERT, UPDATE',
    key_secret: 'SELECT, INSERT, UPDATE',
    key_use: 'SELECT, INSERT, UPDATE',
    key_limit: 'SELECT, INSERT, UPDATE, DELETE',
    key_brake: 'SELECT, INSERT, UPDATE, DELETE',
    key_address: 'SELECT, INSERT, UPDATE, DELETE',
    access_token: 'SELECT, INSERT, DELETE',
    access_token_stop: 'SELECT, INSERT, UPDATE (revision, at), DELETE',
    merchant_limit: 'SELECT, INSERT, UPDATE, DELETE',
    merchant_quota: 'SELECT, INSERT, UPDATE, DELETE',
    key_about: 'SELECT, INSERT, UPDATE (metadata, owner)',
    key_exposure: 'SELECT, INSERT, DELETE',
    outbox: 'SELECT, INSERT, DELETE',
    // Not `id`: who numbers entries could put them where nobody looks for what is to be linked.
    audit: 'SELECT, INSERT (actor, action, target, before, after, request_id, at, revision)',
    audit_link: 'SELECT',
    audit_sink: 'SELECT, UPDATE (seq, holder, held_until)',
    change_origin: 'SELECT, INSERT',
    admin_token: 'SELECT, INSERT, UPDATE (revoked_at, last_used_at)',
    webhook_endpoint: 'SELECT, INSERT, UPDATE, DELETE',
    webhook_secret: 'SELECT, INSERT, UPDATE, DELETE',
    webhook_event: 'SELECT, INSERT, DELETE',
    webhook_head: 'SELECT, UPDATE',
    webhook_delivery: 'SELECT, INSERT, UPDATE, DELETE',
    reminder: 'SELECT, INSERT, DELETE',
    mailed_reminder: 'SELECT, INSERT, DELETE',
    merchant_reminder: 'SELECT, INSERT, UPDATE (looked_at, mailed_at), DELETE',
    reminder_refusal: 'SELECT, INSERT, DELETE',
    person: 'SELECT, INSERT, UPDATE (role, password, password_at, disabled_at, signed_in_at)',
    membership: 'SELECT, INSERT, UPDATE (role), DELETE',
    hub_session: 'SELECT, INSERT, UPDATE (last_used_at), DELETE',
    invitation: 'SELECT, INSERT, DELETE, UPDATE (role)',
    person_link: 'SELECT, INSERT, DELETE',
    totp: 'SELECT, INSERT, UPDATE, DELETE',
    recovery_code: 'SELECT, INSERT, DELETE',
    passkey: 'SELECT, INSERT, UPDATE (counter, last_used_at), DELETE',
    person_oidc: 'SELECT, INSERT, DELETE',
    ceremony: 'SELECT, INSERT, DELETE',
    device_request:
      'SELECT, INSERT, UPDATE (person_id, session_id, is_refused, ask_from, step_seconds), DELETE',
    mail: 'SELECT, INSERT, UPDATE (next_at, tries, failure), DELETE',
    oauth_client: 'SELECT, INSERT, UPDATE (name, redirect_uris, permissions, jwks, status)',
    oauth_client_certificate_name: 'SELECT, INSERT',
    oauth_client_key_set: 'SELECT, INSERT, UPDATE (uri), DELETE',
    oauth_client_secret: 'SELECT, INSERT, UPDATE (expires_at), DELETE',
    oauth_grant: 'SELECT, INSERT, UPDATE (expires_at, ended_at), DELETE',
    oauth_artifact: 'SELECT, INSERT, UPDATE (payload, grant_id, expires_at, consumed_at), DELETE',
    oauth_device: 'SELECT, INSERT, UPDATE (person_id, grant_id, is_refused, ask_from, step_seconds), DELETE',
    oauth_key: 'SELECT, INSERT, UPDATE (sealed, ends_at), DELETE',
    mail_about: 'SELECT, INSERT, DELETE',
    pace: 'SELECT, INSERT, UPDATE (until), DELETE',
    change_reason: 'SELECT, INSERT',
    instance: 'SELECT, INSERT, UPDATE, DELETE',
    instance_about: 'SELECT, INSERT, UPDATE, DELETE',
    instance_state: 'SELECT, INSERT, UPDATE, DELETE',
    idempotency: 'SELECT, INSERT, UPDATE, DELETE',
    activity: 'SELECT, INSERT, UPDATE, DELETE',
    activity_rollup: 'SELECT, INSERT, UPDATE, DELETE',
    activity_batch: 'SELECT, INSERT, DELETE',
    activity_sum: 'SELECT, INSERT, UPDATE, DELETE',
    activity_summed: 'SELECT, UPDATE',
    activity_total: 'SELECT, INSERT, UPDATE, DELETE',
    activity_totalled: 'SELECT, UPDATE',
    activity_latency: 'SELECT, INSERT, UPDATE, DELETE',
    kept_request: 'SELECT, INSERT',
    quota_use: 'SELECT, INSERT, UPDATE, DELETE',
    quota_told: 'SELECT, INSERT, DELETE',
  },
  gateway: {
    schema_migration: 'SELECT',
    head: 'SELECT, UPDATE (epoch)',
    merchant: 'SELECT',
    api_key: 'SELECT',
    key_secret: 'SELECT, UPDATE (last_used_at)',
    key_use: 'SELECT, INSERT, UPDATE',
    key_limit: 'SELECT',
    key_address: 'SELECT, INSERT, UPDATE',
    access_token: 'SELECT',
    access_token_stop: 'SELECT',
    // Whose the activity of tokens is.
    oauth_client: 'SELECT (id, merchant_id)',
    merchant_limit: 'SELECT',
    merchant_quota: 'SELECT',
    outbox: 'SELECT',
    instance: 'SELECT, INSERT, UPDATE',
    instance_about: 'SELECT, INSERT, UPDATE',
    instance_state: 'SELECT, INSERT, UPDATE',
    activity: 'SELECT, INSERT, UPDATE',
    activity_batch: 'SELECT, INSERT',
    // Of times that are in them already.
    activity_sum: 'SELECT, INSERT, UPDATE',
    activity_summed: 'SELECT',
    activity_total: 'SELECT, INSERT, UPDATE',
    activity_totalled: 'SELECT',
    activity_latency: 'SELECT, INSERT, UPDATE',
    kept_request: 'INSERT',
    quota_use: 'SELECT, INSERT, UPDATE',
  },
}

const nameOf = (role: DatabaseRole) => `latchkey_${role}`

/** Statements for the owner of the tables, one a line; run again, they leave no more than this. */
export function grantStatements(): string {
  const names = databaseRoles.map(nameOf).join(', ')
  const tables = [...new Set(databaseRoles.flatMap((role) => Object.keys(grants[role])))].toSorted()
  return [
    '-- The least rights of Latchkey. To be run by the owner of the tables after `latchkey migrate`, with psql and the same',
    `-- database and schema. The roles must be there: CREATE ROLE latchkey_control LOGIN PASSWORD '…'; and latchkey_gateway.`,
    '-- latchkey_control serves the roles `all` and `control`, latchkey_gateway the role `gateway`.',
    'BEGIN;',
    `DO $$ BEGIN EXECUTE format('GRANT USAGE ON SCHEMA %I TO ${names}', current_schema()); END $$;`,
    // Before Postgres 15 everybody may make tables and functions in `public`.
    // The owner of the tables may go on.
    `DO $$ BEGIN EXECUTE format('GRANT CREATE ON SCHEMA %I TO %I', current_schema(), (SELECT tableowner FROM pg_tables`,
    `  WHERE schemaname = current_schema() AND tablename = 'audit')); END $$;`,
    `DO $$ BEGIN EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC', current_schema()); END $$;`,
    `REVOKE ALL ON ${tables.join(', ')} FROM ${names};`,
    ...databaseRoles.flatMap((role) =>
      Object.entries(grants[role]).map(
        ([table, rights]) => `GRANT ${rights} ON ${table} TO ${nameOf(role)};`,
      ),
    ),
    `GRANT EXECUTE ON FUNCTION database_lineage(), installation_id() TO ${names};`,
    // Requests are kept by the day, and who serves may make no tables.
    'REVOKE ALL ON FUNCTION prepare_requests(integer), forget_requests(timestamptz) FROM PUBLIC;',
    `GRANT EXECUTE ON FUNCTION prepare_requests(integer) TO ${names};`,
    `GRANT EXECUTE ON FUNCTION forget_requests(timestamptz) TO ${nameOf('control')};`,
    // The one way in which entries leave the audit: those of more than 90 days ago, where a retention is configured.
    'REVOKE ALL ON FUNCTION forget_audit(timestamptz, integer) FROM PUBLIC;',
    // And the one in which its chain is written.
    'REVOKE ALL ON FUNCTION seal_audit(integer) FROM PUBLIC;',
    `GRANT EXECUTE ON FUNCTION forget_audit(timestamptz, integer), seal_audit(integer) TO ${nameOf('control')};`,
    'COMMIT;',
    '',
  ].join('\n')
}
