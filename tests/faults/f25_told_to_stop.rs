//! F-25: SIGTERM while much is under way.

use std::process::Command;
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

use doorward_tests::world::{Connection, Served, Socket, words};

use crate::measure::secs;
use crate::runner::{Fault, Found, Scale};
use crate::traffic::Site;

pub(crate) const FAULT: Fault = Fault {
    id: "F-25",
    what: "SIGTERM with uploads, downloads (HTTP/1.1 and HTTP/2), WebSockets and an endless stream under way",
    promise: "what can end within the grace does; WebSockets are closed with 1001; exit code 0 within the grace and 5 s",
    run: story,
};

const HOST: &str = "open.example.test";

fn story(scale: Scale) -> Found {
    let (grace, kilobytes, each) = scale.of((6, 30, 4), (20, 120, 20));
    let site = Site::new(grace);
    let mut served = site.installation.serve();
    let http = served.ports.http;
    let uploads: Vec<_> = (0..each).map(|_| spawn(move || upload(http, kilobytes))).collect();
    let downloads: Vec<_> = (0..each).map(|_| spawn(move || download(http, kilobytes))).collect();
    let over_http2: Vec<_> = (0..each / 2).map(|_| download_over_http2(&served, kilobytes)).collect();
    let own = [("Origin", "https://open.example.test")];
    let mut sockets: Vec<Socket> = (0..each * 5).map(|_| Socket::open(http, HOST, "/socket", &own)).collect();
    assert!(sockets.iter_mut().all(|socket| socket.echoes("here")));
    let mut endless = Connection::open(http, HOST).unwrap();
    endless.send(format!("GET /endless HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes()).unwrap();
    // All are known to the application, and all but the sockets take a while yet.
    site.origin.wait_for(each * 5 + each + each / 2 + 1);
    served.gateway.signal("TERM");
    let told = Instant::now();

    let told_1001 = sockets.iter_mut().filter_map(|socket| (socket.farewell() == Some(1001)).then_some(())).count();
    let told_after = told.elapsed();
    let whole = [uploads, downloads, over_http2].map(|all| {
        let all: Vec<Result<(), String>> = all.into_iter().map(|one| one.join().unwrap()).collect();
        let aborted: Vec<_> = all.iter().filter_map(|one| one.as_ref().err()).collect();
        assert!(aborted.is_empty(), "aborted: {aborted:?}");
        all.len()
    });
    assert_eq!(told_1001, sockets.len(), "sockets that were told");
    assert!(told.elapsed() < Duration::from_secs(grace), "this machine was too busy to end them within the grace");
    let (_, code) = served.gateway.gone_within(Duration::from_secs(grace + 5).saturating_sub(told.elapsed()));
    let gone = told.elapsed();
    assert_eq!(code, Some(0), "{}", served.gateway.log.lock().unwrap());
    assert!(gone > Duration::from_secs(grace - 1), "the endless stream has the whole grace: {gone:?}");
    Found::Held(vec![
        ("uploads, downloads, of them over HTTP/2", format!("{}, {}, {}", whole[0], whole[1] + whole[2], whole[2])),
        ("aborted", "0".to_owned()),
        ("WebSockets told 1001", format!("{told_1001} of {} within {}", sockets.len(), secs(told_after))),
        ("grace", secs(Duration::from_secs(grace))),
        ("gone after", secs(gone)),
    ])
}

/// A kilobyte each tenth of a second; the application answers with what it was sent.
fn upload(port: u16, kilobytes: usize) -> Result<(), String> {
    let mut connection = Connection::open(port, HOST).map_err(|error| error.to_string())?;
    let head = format!("POST /upload HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {}\r\n\r\n", kilobytes * 1000);
    connection.send(head.as_bytes())?;
    for _ in 0..kilobytes {
        sleep(Duration::from_millis(100));
        connection.send(&[b'u'; 1000])?;
    }
    let answer = connection.answer()?;
    let came = answer.body.iter().filter(|byte| **byte == b'u').count();
    match answer.status {
        200 if came >= kilobytes * 1000 => Ok(()),
        status => Err(format!("an upload: {status}, {came} bytes")),
    }
}

fn download(port: u16, kilobytes: usize) -> Result<(), String> {
    let answer =
        Connection::open(port, HOST).map_err(|error| error.to_string())?.get(&format!("/drip/{kilobytes}"), "")?;
    match answer.status {
        200 if answer.body.len() == kilobytes * 1000 => Ok(()),
        status => Err(format!("a download: {status}, {} bytes", answer.body.len())),
    }
}

/// By curl, which fails where an answer is not whole.
fn download_over_http2(served: &Served, kilobytes: usize) -> JoinHandle<Result<(), String>> {
    let mut command = Command::new("curl");
    command
        .args([
            "--silent",
            "--show-error",
            "--fail",
            "--http2",
            "--insecure",
            "--noproxy",
            "*",
            "--output",
            "/dev/null",
        ])
        .args(["--connect-to", &format!("::127.0.0.1:{}", served.ports.https)])
        .args(["--write-out", "%{http_version} %{size_download}"])
        .arg(served.url("open", &format!("/drip/{kilobytes}")));
    spawn(move || {
        let output = command.output().unwrap();
        let said = words(&output);
        let good = output.status.success() && said == format!("2 {}", kilobytes * 1000);
        good.then_some(()).ok_or_else(|| format!("a download over HTTP/2: {} {said}", output.status))
    })
}
