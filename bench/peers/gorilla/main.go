// A chat server on gorilla/websocket, after its own chat example: a hub, and a goroutine and a channel for each
// client; a message is a PreparedMessage, framed once for all. It saves nothing.
//
// Paths are as in hub.js: /rooms/N echoes, /direct/N is addressed by `to`, under any other everyone else hears it.
// A message is passed on as it came. A client whose channel is full is dropped, as in the example.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/gorilla/websocket"
)

const waiting = 256 // messages, as in the example

var upgrader = websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}

type client struct {
	socket *websocket.Conn
	send   chan *websocket.PreparedMessage
}

type hub struct {
	sync.Mutex
	members map[string]map[*client]bool
}

func (h *hub) join(path string, c *client) {
	h.Lock()
	defer h.Unlock()
	if h.members[path] == nil {
		h.members[path] = make(map[*client]bool)
	}
	h.members[path][c] = true
}

func (h *hub) leave(path string, c *client) {
	h.Lock()
	defer h.Unlock()
	h.drop(path, c)
}

func (h *hub) drop(path string, c *client) {
	if h.members[path][c] {
		delete(h.members[path], c)
		close(c.send)
	}
}

func (h *hub) relay(path string, sender *client, message *websocket.PreparedMessage, echoes bool) {
	h.Lock()
	defer h.Unlock()
	for c := range h.members[path] {
		if c == sender && !echoes {
			continue
		}
		select {
		case c.send <- message:
		default:
			h.drop(path, c)
		}
	}
}

func (c *client) write() {
	defer c.socket.Close()
	for message := range c.send {
		if c.socket.WritePreparedMessage(message) != nil {
			return
		}
	}
}

func (h *hub) serve(w http.ResponseWriter, r *http.Request) {
	socket, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	path := r.URL.Path
	c := &client{socket, make(chan *websocket.PreparedMessage, waiting)}
	h.join(path, c)
	go c.write()
	defer h.leave(path, c)
	for {
		kind, data, err := socket.ReadMessage()
		if err != nil {
			return
		}
		message, err := websocket.NewPreparedMessage(kind, data)
		if err != nil {
			return
		}
		to := path
		if strings.HasPrefix(path, "/direct/") {
			var address struct{ To int }
			if json.Unmarshal(data, &address) != nil {
				return
			}
			to = "/direct/" + strconv.Itoa(address.To)
		}
		h.relay(to, c, message, !strings.HasPrefix(path, "/talker"))
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s\n", listener.Addr())
	h := &hub{members: make(map[string]map[*client]bool)}
	if cert := os.Getenv("TLS_CERT"); cert != "" {
		log.Fatal(http.ServeTLS(listener, http.HandlerFunc(h.serve), cert, os.Getenv("TLS_KEY")))
	}
	log.Fatal(http.Serve(listener, http.HandlerFunc(h.serve)))
}
