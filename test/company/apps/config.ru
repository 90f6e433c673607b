# The same as wsgi_app.py, for Rack: files below ROOT, and some answers made here.
require 'digest'

ROOT = ENV.fetch('ROOT', '.')
TYPES = { '.txt' => 'text/plain', '.html' => 'text/html', '.bin' => 'application/octet-stream' }.freeze

def answer(status, body, fields = {})
  [status, { 'Content-Type' => 'text/plain', 'Content-Length' => body.bytesize.to_s }.merge(fields), [body]]
end

def file(env, path)
  body = File.binread(path)
  etag = "\"#{Digest::SHA256.hexdigest(body)[0, 12]}\""
  return [304, { 'ETag' => etag }, []] if env['HTTP_IF_NONE_MATCH'] == etag

  head = { 'Content-Type' => TYPES.fetch(File.extname(path), 'text/plain'), 'Content-Length' => body.bytesize.to_s }
  [200, head.merge('ETag' => etag), env['REQUEST_METHOD'] == 'HEAD' ? [] : [body]]
end

run(lambda do |env|
  method = env['REQUEST_METHOD']
  path = env['PATH_INFO']
  case path
  when '/v1/early' then answer(413, "too large\n")
  when '/v1/stream' then [200, { 'Content-Type' => 'text/plain' }, (0..19).lazy.map { |i| "part #{i}\n" }]
  when '/v1/redirect' then answer(302, '', 'Location' => '/v1/files/small.txt')
  when '/v1/empty' then [204, {}, []]
  when '/v1/cookies' then answer(200, "ok\n", 'Set-Cookie' => "a=1; Path=/\nb=2")
  when '/v1/echo'
    next answer(404, "not here\n") unless method == 'POST'

    body = env['rack.input'].read
    answer(201, "#{body.bytesize} #{Digest::SHA256.hexdigest(body)[0, 12]}\n")
  else
    is_file = %w[GET HEAD].include?(method) && File.file?("#{ROOT}#{path}")
    is_file ? file(env, "#{ROOT}#{path}") : answer(404, "not here\n")
  end
end)
