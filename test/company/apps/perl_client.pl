# Clients in Perl: perl perl_client.pl tiny|lwp ORDER; prints what came as JSON.
use strict;
use warnings;
use JSON::PP;
use Time::HiRes 'sleep';

my ($name, $text) = @ARGV;
my $order = decode_json($text);

sub body {
    return undef unless defined $order->{bodyFile};
    open my $file, '<:raw', $order->{bodyFile} or die;
    local $/;
    my $content = <$file>;
    return $content unless $order->{isStreamed};
    my $at = 0;
    return sub {
        my $piece = $at < length $content ? substr($content, $at, 65536) : '';
        $at += 65536;
        return $piece;
    };
}

sub tiny {
    require HTTP::Tiny;
    my $client = HTTP::Tiny->new(timeout => 30);
    return sub {
        my $body = body();
        my $answer = $client->request($order->{method}, $order->{url},
            { headers => $order->{headers}, defined $body ? (content => $body) : () });
        return $answer->{status} == 599
            ? { error => $answer->{content} }
            : { status => $answer->{status}, text => substr($answer->{content}, 0, 300) };
    };
}

sub lwp {
    require LWP::UserAgent;
    my $client = LWP::UserAgent->new(timeout => 30);
    return sub {
        my $request = HTTP::Request->new($order->{method}, $order->{url}, [%{$order->{headers}}]);
        my $body = body();
        $request->content($body) if defined $body;
        my $answer = $client->request($request);
        return ($answer->header('Client-Warning') // '') eq 'Internal response'
            ? { error => $answer->content }
            : { status => $answer->code, text => substr($answer->content, 0, 300) };
    };
}

my $send = $name eq 'tiny' ? tiny() : lwp();
my @found;
for my $i (1 .. $order->{times}) {
    sleep $order->{pauseMs} / 1000 if $i > 1;
    push @found, $send->();
}
print encode_json(\@found);
