// Go's net/http: go run go_client.go ORDER; prints what came as JSON.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

type Order struct {
	Method, Url, BodyFile string
	Headers               map[string]string
	IsStreamed            bool
	Times, PauseMs        int
}

type Result struct {
	Status int    `json:"status"`
	Text   string `json:"text"`
	Error  string `json:"error,omitempty"`
}

func main() {
	var order Order
	if err := json.Unmarshal([]byte(os.Args[1]), &order); err != nil {
		panic(err)
	}
	found := []Result{}
	for i := 0; i < order.Times; i++ {
		if i > 0 {
			time.Sleep(time.Duration(order.PauseMs) * time.Millisecond)
		}
		found = append(found, send(order))
	}
	text, _ := json.Marshal(found)
	fmt.Println(string(text))
}

func send(order Order) Result {
	var body io.Reader
	if order.BodyFile != "" {
		file, _ := os.Open(order.BodyFile)
		body = file
	}
	request, _ := http.NewRequest(order.Method, order.Url, body)
	if info, err := os.Stat(order.BodyFile); err == nil && !order.IsStreamed {
		request.ContentLength = info.Size()
	}
	for name, value := range order.Headers {
		request.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return Result{Error: err.Error()}
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	return Result{Status: answer.StatusCode, Text: string(text[:min(len(text), 300)])}
}
