package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// nginxConf is a keep-alive proxy that never touches the disk for an answer: its buffers hold the largest one.
const nginxConf = `daemon off;
worker_processes 2;
pid %[1]s/nginx.pid;
error_log stderr warn;
%[4]s
events { worker_connections 2048; }
http {
	access_log off;
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	sendfile on;
	tcp_nodelay on;
	keepalive_timeout 120s;
	keepalive_requests 100000000;
	upstream emr {
		server %[2]s;
		keepalive 256;
		keepalive_requests 100000000;
	}
	server {
		listen %[3]s;
		location / {
			proxy_pass http://emr;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_buffer_size 16k;
			proxy_buffers 256 16k;
			proxy_busy_buffers_size 512k;
			proxy_max_temp_file_size 0;
		}
	}
}
`

// findNginx is the path of nginx. Where it is missing it is installed, if this is Debian and we may; what is done, or why
// there is no nginx, goes to say.
func findNginx(ctx context.Context, say io.Writer) (string, error) {
	if path, ok := lookNginx(); ok {
		return path, nil
	}
	apt, err := exec.LookPath("apt-get")
	if err != nil {
		return "", errors.New("nginx is not installed, and this is not a Debian where it could be")
	}
	if os.Geteuid() != 0 {
		return "", errors.New("nginx is not installed; install it with: sudo apt-get install nginx-light")
	}
	fmt.Fprintln(say, "nginx is not installed; running: apt-get install -y --no-install-recommends nginx-light")
	if out, err := install(ctx, apt); err != nil {
		return "", fmt.Errorf("nginx is not installed, and apt-get could not install nginx-light: %w: %s", err, lastLine(out))
	}
	if path, ok := lookNginx(); ok {
		return path, nil
	}
	return "", errors.New("nginx-light was installed, and yet there is no nginx")
}

func lookNginx() (string, bool) {
	for _, name := range []string{"nginx", "/usr/sbin/nginx"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, true
		}
	}
	return "", false
}

// install tries with the package lists there are, and fetches them only if that fails.
func install(ctx context.Context, apt string) ([]byte, error) {
	run := func(args ...string) ([]byte, error) {
		cmd := exec.CommandContext(ctx, apt, args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		return cmd.CombinedOutput()
	}
	install := []string{"install", "-y", "--no-install-recommends", "nginx-light"}
	if out, err := run(install...); err == nil {
		return out, nil
	}
	if out, err := run("update"); err != nil {
		return out, err
	}
	return run(install...)
}

func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

// startNginx starts nginx in front of the upstream.
func startNginx(ctx context.Context, path, dir, upstream string) (*process, string, error) {
	addr, err := freeAddress(ctx)
	if err != nil {
		return nil, "", err
	}
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;" // its workers have to reach the temporary folder
	}
	conf := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, nginxConf, dir, upstream, addr, user), 0o600); err != nil {
		return nil, "", err
	}
	p, err := start("nginx", os.Stderr, path, "-p", dir, "-c", conf)
	if err != nil {
		return nil, "", err
	}
	if err := awaitAnswer(ctx, p, addr, basePath+"/metadata", 2*time.Millisecond); err != nil {
		p.stop()
		return nil, "", err
	}
	return p, addr, nil
}
