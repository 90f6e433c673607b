# Ruby's Net::HTTP: ruby ruby_client.rb ORDER; prints what came as JSON.
require 'json'
require 'net/http'
require 'uri'

order = JSON.parse(ARGV[0])
uri = URI(order['url'])
http = Net::HTTP.new(uri.host, uri.port)
http.max_retries = 0
http.keep_alive_timeout = 30
http.start

send = lambda do |target|
  request = Net::HTTP.const_get(order['method'].capitalize).new(target, order['headers'])
  if order['bodyFile']
    request['Content-Type'] = 'application/octet-stream'
    if order['isStreamed']
      request['Transfer-Encoding'] = 'chunked'
      request.body_stream = File.open(order['bodyFile'])
    else
      request.body = File.binread(order['bodyFile'])
    end
  end
  answer = http.request(request)
  next send.call(answer['Location']) if answer.code == '302'
  { status: answer.code.to_i, text: answer.body.to_s[0, 300] }
end

found = (1..order['times']).map do |i|
  sleep order['pauseMs'] / 1000.0 if i > 1
  begin
    send.call(uri.request_uri)
  rescue StandardError => e
    http.finish if http.started?
    http.start
    { error: e.inspect }
  end
end
puts JSON.generate(found)
