package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"
)

// caller is one kept connection of the load generator. It speaks just enough HTTP/1.1 to read whole answers of known
// length: net/http's client would take more of the shared cores than most of what is measured.
type caller struct {
	conn net.Conn
	in   *bufio.Reader
}

// reply is what the load generator keeps of an answer.
type reply struct {
	status int
	bytes  int // of the body
}

const (
	headerLength   = "content-length:"
	headerEncoding = "transfer-encoding:"
)

func dial(ctx context.Context, addr string) (*caller, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &caller{conn: conn, in: bufio.NewReaderSize(conn, 64<<10)}, nil
}

func (c *caller) close() { c.conn.Close() }

// ask sends one request as it stands and reads the whole answer.
func (c *caller) ask(request []byte, deadline time.Time) (reply, error) {
	if err := c.conn.SetDeadline(deadline); err != nil {
		return reply{}, err
	}
	if _, err := c.conn.Write(request); err != nil {
		return reply{}, err
	}
	return c.read()
}

func (c *caller) read() (reply, error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return reply{}, err
	}
	status, err := parseStatus(line)
	if err != nil {
		return reply{}, err
	}
	length := -1
	for {
		if line, err = c.in.ReadSlice('\n'); err != nil {
			return reply{}, err
		}
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case len(line) == 0 && length < 0:
			return reply{}, errors.New("answer without Content-Length")
		case len(line) == 0:
			_, err := c.in.Discard(length)
			return reply{status: status, bytes: length}, err
		case hasPrefixFold(line, headerLength):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(line[len(headerLength):]))); err != nil || length < 0 {
				return reply{}, fmt.Errorf("answer with %q", line)
			}
		case hasPrefixFold(line, headerEncoding):
			return reply{}, fmt.Errorf("answer with %q, which this client does not read", line)
		}
	}
}

// parseStatus reads the code of "HTTP/1.1 200 OK".
func parseStatus(line []byte) (int, error) {
	if len(line) < 13 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return 0, fmt.Errorf("not an answer of HTTP/1.1: %.40q", line)
	}
	return strconv.Atoi(string(line[9:12]))
}

func hasPrefixFold(line []byte, prefix string) bool {
	return len(line) >= len(prefix) && bytes.EqualFold(line[:len(prefix)], []byte(prefix))
}
