//! Pingora with nothing around it: one listener, one origin, no decision.

use std::net::SocketAddr;
use std::process::ExitCode;

use async_trait::async_trait;
use pingora::modules::http::HttpModules;
use pingora::modules::http::compression::ResponseCompressionBuilder;
use pingora::prelude::*;
use pingora::proxy::http_proxy_service;
use pingora::server::configuration::{Opt, ServerConf};

/// Which modules look at each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Modules {
    /// None, as in Doorward.
    None,
    /// Those that Pingora adds by itself: compression, switched off.
    AsTheyCome,
}

struct Bare {
    origin: SocketAddr,
    modules: Modules,
}

#[async_trait]
impl ProxyHttp for Bare {
    type CTX = ();

    fn new_ctx(&self) {}

    fn init_downstream_modules(&self, modules: &mut HttpModules) {
        if self.modules == Modules::AsTheyCome {
            modules.add_module(ResponseCompressionBuilder::enable(0));
        }
    }

    async fn upstream_peer(&self, _: &mut Session, (): &mut ()) -> Result<Box<HttpPeer>> {
        Ok(Box::new(HttpPeer::new(self.origin, false, String::new())))
    }
}

/// Serves as the command line says (`LISTEN ORIGIN THREADS`) until the process is killed.
pub fn serve(modules: Modules) -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let Some((listen, origin, threads)) = read(&words) else {
        eprintln!("usage: LISTEN ORIGIN THREADS, such as 127.0.0.1:8080 127.0.0.1:9000 2");
        return ExitCode::from(2);
    };
    let conf = ServerConf { threads, max_retries: 2, ..ServerConf::default() };
    let mut server = Server::new_with_opt_and_conf(Opt::default(), conf);
    server.bootstrap();
    let mut service = http_proxy_service(&server.configuration, Bare { origin, modules });
    service.add_tcp(&listen.to_string());
    server.add_service(service);
    server.run_forever()
}

fn read(words: &[String]) -> Option<(SocketAddr, SocketAddr, usize)> {
    let [listen, origin, threads] = words else { return None };
    Some((listen.parse().ok()?, origin.parse().ok()?, threads.parse().ok()?))
}
