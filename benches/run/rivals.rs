//! How the other proxies are set: a thread for each core, connections kept on both sides, no access log, nothing else.

use std::path::Path;
use std::process::Command;

/// nginx, with a server's locations.
pub(crate) fn nginx(folder: &Path, port: u16, workers: usize, server: &str) -> Command {
    let root = folder.display();
    let (http, locations) = server.split_once("---").unwrap_or(("", server));
    // Where it is run as root, its workers stay root, so that they reach the folder; elsewhere that is not heeded.
    write(
        &folder.join("nginx.conf"),
        &format!(
            "user root;\ndaemon off;\nworker_processes {workers};\npid {root}/pid;\nerror_log {root}/errors;\n\
             events {{ worker_connections 1024; }}\nhttp {{\naccess_log off;\nclient_body_temp_path {root}/1;\n\
             proxy_temp_path {root}/2;\nfastcgi_temp_path {root}/3;\nuwsgi_temp_path {root}/4;\nscgi_temp_path {root}/5;\n\
             keepalive_requests 100000000;\n{http}\nserver {{ listen 127.0.0.1:{port};\n{locations}\n}}\n}}\n"
        ),
    );
    let mut command = Command::new("nginx");
    command.env("PATH", "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin");
    command.arg("-c").arg(folder.join("nginx.conf")).arg("-p").arg(folder).arg("-e").arg(folder.join("errors"));
    command
}

/// What an origin has for nginx: one answer to everything.
pub(crate) fn answering(body: &str) -> String {
    format!("location / {{ default_type text/plain; return 200 {body}; }}")
}

/// What a proxy has for nginx.
pub(crate) fn forwarding(origin: u16, asks: bool) -> String {
    let ask = if asks { "auth_request /allowed;" } else { "" };
    format!(
        "upstream origin {{ server 127.0.0.1:{origin}; keepalive 64; keepalive_requests 100000000; }}\n---\n\
         location / {{ {ask} proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection \"\";\n\
         proxy_set_header Host $host; }}\nlocation = /allowed {{ internal; return 204; }}"
    )
}

pub(crate) fn envoy(program: &Path, folder: &Path, [port, origin]: [u16; 2], threads: usize) -> Command {
    write(
        &folder.join("envoy.yaml"),
        &format!(
            r#"static_resources:
  listeners:
  - address: {{ socket_address: {{ address: 127.0.0.1, port_value: {port} }} }}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: front
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes: [{{ match: {{ prefix: "/" }}, route: {{ cluster: origin }} }}]
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {{ "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }}
  clusters:
  - name: origin
    type: STATIC
    load_assignment:
      cluster_name: origin
      endpoints:
      - lb_endpoints:
        - endpoint: {{ address: {{ socket_address: {{ address: 127.0.0.1, port_value: {origin} }} }} }}
"#
        ),
    );
    let mut command = Command::new(program);
    command.arg("-c").arg(folder.join("envoy.yaml"));
    command.args(["--concurrency", &threads.to_string(), "--log-level", "error", "--disable-hot-restart"]);
    command
}

pub(crate) fn traefik(program: &Path, folder: &Path, [port, origin]: [u16; 2]) -> Command {
    write(
        &folder.join("routes.yaml"),
        &format!(
            "http:\n  routers:\n    all: {{ rule: \"PathPrefix(`/`)\", service: origin }}\n  services:\n    origin:\n      \
             loadBalancer: {{ servers: [{{ url: \"http://127.0.0.1:{origin}\" }}] }}\n"
        ),
    );
    write(
        &folder.join("traefik.yaml"),
        &format!(
            "global: {{ checkNewVersion: false, sendAnonymousUsage: false }}\nlog: {{ level: ERROR }}\nentryPoints:\n  web: {{ \
             address: \"127.0.0.1:{port}\" }}\nproviders:\n  file: {{ filename: \"{}\", watch: false }}\n",
            folder.join("routes.yaml").display()
        ),
    );
    let mut command = Command::new(program);
    command.arg(format!("--configfile={}", folder.join("traefik.yaml").display())).current_dir(folder);
    command
}

pub(crate) fn caddy(program: &Path, folder: &Path, [port, origin]: [u16; 2]) -> Command {
    write(
        &folder.join("Caddyfile"),
        &format!(
            "{{\nadmin off\nauto_https off\npersist_config off\nlog {{\nlevel ERROR\n}}\n}}\nhttp://:{port} {{\nbind 127.0.0.1\n\
             reverse_proxy 127.0.0.1:{origin}\n}}\n"
        ),
    );
    let mut command = Command::new(program);
    command.args(["run", "--adapter", "caddyfile", "--config"]).arg(folder.join("Caddyfile"));
    command.env("HOME", folder).env("XDG_DATA_HOME", folder).env("XDG_CONFIG_HOME", folder);
    command
}

fn write(file: &Path, text: &str) {
    std::fs::write(file, text).expect("a file can be written");
}
