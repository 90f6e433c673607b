# Mojolicious by its own server: perl mojo.pl PORT ROOT
use Mojolicious::Lite;
use Mojo::Server::Daemon;

my ($port, $root) = @ARGV;
app->static->paths([$root]);
app->log->level('fatal');
app->max_request_size(2 * 1024 * 1024 + 1024);
post '/v1/echo' => sub {
    my $c = shift;
    $c->render(text => length($c->req->body) . "\n", status => 201);
};
post '/v1/early' => sub { shift->render(text => "too large\n", status => 413) };
get '/v1/redirect' => sub { shift->redirect_to('/v1/files/small.txt') };
get '/v1/empty' => sub { shift->rendered(204) };
get '/v1/cookies' => sub {
    my $c = shift;
    $c->cookie(a => 1)->cookie(b => 2)->render(text => "ok\n");
};
Mojo::Server::Daemon->new(app => app, listen => ["http://127.0.0.1:$port"], silent => 1)->run;
