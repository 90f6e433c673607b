# HTTP::Daemon as its manual shows it, one connection after the other: perl http_daemon.pl PORT ROOT
use strict;
use warnings;
use HTTP::Daemon;
use HTTP::Status;

my ($port, $root) = @ARGV;
# Else a client that does not wait for its answer ends the program.
$SIG{PIPE} = 'IGNORE';
my $daemon = HTTP::Daemon->new(LocalAddr => '127.0.0.1', LocalPort => $port, ReuseAddr => 1, Listen => 128) or die;
while (my $connection = $daemon->accept) {
    while (my $request = $connection->get_request) {
        my $path = $request->uri->path;
        if ($request->method eq 'GET' && -f "$root$path") {
            $connection->send_file_response("$root$path");
        } elsif ($request->method eq 'POST' && $path eq '/v1/echo') {
            my $length = length $request->content;
            $connection->send_response(HTTP::Response->new(201, undef, undef, "$length\n"));
        } else {
            $connection->send_error(RC_NOT_FOUND);
        }
    }
    $connection->close;
}
