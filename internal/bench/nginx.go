package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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

// findNginx is the path of nginx, which make bench installs where it is missing.
func findNginx() (string, error) {
	for _, name := range []string{"nginx", "/usr/sbin/nginx"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("nginx is not installed; make bench installs it, or apt-get install nginx-light")
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
