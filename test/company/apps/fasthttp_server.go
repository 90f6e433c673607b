// fasthttp: fasthttp_server PORT ROOT
package main

import (
	"bufio"
	"fmt"
	"os"

	"github.com/valyala/fasthttp"
)

func main() {
	files := (&fasthttp.FS{Root: os.Args[2], AcceptByteRange: true}).NewRequestHandler()
	handler := func(ctx *fasthttp.RequestCtx) {
		switch string(ctx.Path()) {
		case "/v1/echo":
			ctx.SetStatusCode(201)
			fmt.Fprintf(ctx, "%d\n", len(ctx.PostBody()))
		case "/v1/redirect":
			ctx.Response.Header.Set("Location", "/v1/files/small.txt")
			ctx.SetStatusCode(302)
		case "/v1/empty":
			ctx.SetStatusCode(204)
		case "/v1/cookies":
			ctx.Response.Header.Add("Set-Cookie", "a=1")
			ctx.Response.Header.Add("Set-Cookie", "b=2")
			fmt.Fprint(ctx, "ok\n")
		case "/v1/stream":
			ctx.SetBodyStreamWriter(func(w *bufio.Writer) {
				for i := 0; i < 20; i++ {
					fmt.Fprintf(w, "part %d\n", i)
					w.Flush()
				}
			})
		default:
			files(ctx)
		}
	}
	// What is larger is refused by itself, before it has come.
	server := fasthttp.Server{Handler: handler, MaxRequestBodySize: 2*1024*1024 + 1024}
	if err := server.ListenAndServe("127.0.0.1:" + os.Args[1]); err != nil {
		panic(err)
	}
}
