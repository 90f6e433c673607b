<?php
// PHP's streams: php php_client.php ORDER; prints what came as JSON.
$order = json_decode($argv[1], true);
$fields = [];
foreach ($order['headers'] as $name => $value) $fields[] = "$name: $value";
$http = ['method' => $order['method'], 'ignore_errors' => true, 'protocol_version' => '1.1', 'timeout' => 30];
if (isset($order['bodyFile'])) {
    $http['content'] = file_get_contents($order['bodyFile']);
    $fields[] = 'Content-Type: application/octet-stream';
}
$fields[] = 'Connection: close';
$context = stream_context_create(['http' => $http + ['header' => $fields]]);
$found = [];
for ($i = 0; $i < $order['times']; $i++) {
    if ($i > 0) usleep($order['pauseMs'] * 1000);
    $text = @file_get_contents($order['url'], false, $context);
    $lines = preg_grep('/^HTTP\//', $http_response_header ?? []);
    $last = end($lines);
    $found[] = $text === false
        ? ['error' => error_get_last()['message'] ?? 'no answer']
        : ['status' => (int) explode(' ', $last)[1], 'text' => substr($text, 0, 300)];
}
echo json_encode($found);
