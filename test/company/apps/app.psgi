# The same as wsgi_app.py, for Plack: files below ROOT, and some answers made here.
use strict;
use warnings;
use Digest::SHA 'sha256_hex';

my $root = $ENV{ROOT} // '.';
my %types = (txt => 'text/plain', html => 'text/html', bin => 'application/octet-stream');

sub answer {
    my ($status, $body, @fields) = @_;
    return [$status, ['Content-Type' => 'text/plain', 'Content-Length' => length $body, @fields], [$body]];
}

sub body_of {
    my ($env) = @_;
    my $body = '';
    1 while $env->{'psgi.input'}->read($body, 65536, length $body);
    return $body;
}

sub {
    my ($env) = @_;
    my ($method, $path) = @$env{'REQUEST_METHOD', 'PATH_INFO'};
    return answer(413, "too large\n") if $path eq '/v1/early';
    if ($path eq '/v1/echo' && $method eq 'POST') {
        my $body = body_of($env);
        return answer(201, length($body) . ' ' . substr(sha256_hex($body), 0, 12) . "\n");
    }
    return [200, ['Content-Type' => 'text/plain'], [map { "part $_\n" } 0 .. 19]] if $path eq '/v1/stream';
    return answer(302, '', Location => '/v1/files/small.txt') if $path eq '/v1/redirect';
    return [204, [], []] if $path eq '/v1/empty';
    return answer(200, "ok\n", 'Set-Cookie' => 'a=1; Path=/', 'Set-Cookie' => 'b=2') if $path eq '/v1/cookies';
    return answer(404, "not here\n") unless $method =~ /^(?:GET|HEAD)$/ && -f "$root$path";
    open my $file, '<:raw', "$root$path" or die;
    my $content = do { local $/; <$file> };
    my $etag = '"' . substr(sha256_hex($content), 0, 12) . '"';
    return [304, [ETag => $etag], []] if ($env->{HTTP_IF_NONE_MATCH} // '') eq $etag;
    my ($ending) = $path =~ /\.(\w+)$/;
    my @head = ('Content-Type' => $types{$ending} // 'text/plain', 'Content-Length' => length $content, ETag => $etag);
    return [200, \@head, [$method eq 'HEAD' ? '' : $content]];
};
