//! A legacy application that cannot be changed: it prints the request line, the headers and the body that reached it, as
//! they came. It reads bytes by itself, so that what it shows is what was on the wire.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A running application.
pub(crate) struct LegacyApp {
    pub(crate) address: SocketAddr,
}

/// More than this of a head or a body is not shown.
const SHOWN: usize = 256 * 1024;

impl LegacyApp {
    /// Listens on a free port of loopback and serves until the runtime ends.
    ///
    /// # Errors
    /// When no port can be had.
    pub(crate) async fn start(name: &'static str) -> std::io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let address = listener.local_addr()?;
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    if let Err(error) = serve(name, stream).await {
                        tracing::debug!(%error, app = name, "a connection of the demo application ended");
                    }
                });
            }
        });
        Ok(Self { address })
    }
}

async fn serve(name: &str, stream: TcpStream) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read_request(&mut stream).await? {
        let close = request.head.to_ascii_lowercase().contains("\r\nconnection: close");
        stream.get_mut().write_all(answer(name, &request).as_bytes()).await?;
        if close {
            break;
        }
    }
    Ok(())
}

struct Request {
    head: String,
    body: Vec<u8>,
}

impl Request {
    fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (field, value) = line.split_once(':')?;
            field.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

async fn read_request(stream: &mut BufReader<TcpStream>) -> std::io::Result<Option<Request>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return Ok(None),
        }
        if head.len() > SHOWN {
            return Ok(None);
        }
    }
    let mut request = Request { head: String::from_utf8_lossy(&head).into_owned(), body: Vec::new() };
    if request.header("transfer-encoding").is_some_and(|v| v.eq_ignore_ascii_case("chunked")) {
        request.body = read_chunks(stream).await?;
    } else if let Some(length) = request.header("content-length").and_then(|v| v.parse::<usize>().ok()) {
        let mut body = vec![0; length.min(SHOWN)];
        stream.read_exact(&mut body).await?;
        request.body = body;
    }
    Ok(Some(request))
}

async fn read_chunks(stream: &mut BufReader<TcpStream>) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = usize::from_str_radix(read_line(stream).await?.trim(), 16).unwrap_or(0);
        let mut chunk = vec![0; size.min(SHOWN)];
        stream.read_exact(&mut chunk).await?;
        body.extend_from_slice(&chunk);
        read_line(stream).await?;
        if size == 0 || body.len() > SHOWN {
            return Ok(body);
        }
    }
}

async fn read_line(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut line = Vec::new();
    while !line.ends_with(b"\n") && line.len() < 1024 {
        line.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&line).into_owned())
}

fn answer(name: &str, request: &Request) -> String {
    let wants_html = request.header("accept").is_some_and(|accept| accept.contains("text/html"));
    let shown = format!("{}{}", request.head, String::from_utf8_lossy(&request.body));
    let (kind, body) = if wants_html {
        ("text/html; charset=utf-8", page(name, request, &shown))
    } else {
        ("text/plain; charset=utf-8", shown)
    };
    let length = body.len();
    let body = if request.line().starts_with("HEAD ") { "" } else { &body };
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nCache-Control: no-store\r\n\r\n{body}"
    )
}

fn page(name: &str, request: &Request, shown: &str) -> String {
    let user = request.header("remote-user").map_or_else(
        || "You reached it without signing in.".to_owned(),
        |user| format!("The gateway says you are <strong>{}</strong>.", escape(user)),
    );
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>\
         <title>{name} (legacy application)</title>\
         <style>:root{{color-scheme:light dark}}body{{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;\
         padding:0 1rem}}pre{{padding:1rem;border:1px solid #8886;border-radius:.5rem;white-space:pre-wrap;\
         overflow-wrap:anywhere}}</style>\
         <h1>{name}</h1><p>This is a legacy application that knows nothing of Doorward. {user}</p>\
         <h2>The request as it arrived here</h2><pre>{}</pre></html>",
        escape(shown)
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
