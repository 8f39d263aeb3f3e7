//! A WebSocket that is told when the process leaves: a close frame 1001, "going away" (RFC 6455 7.4.1), of our own making.
//!
//! The gateway passes on what an upstream sends without looking inside, and a frame of ours must never land in the middle of
//! one of theirs. So the client's connection is wrapped here, where all that is written to it passes by: the wrapper knows
//! after each byte whether a frame has ended, and speaks between two frames only. A control frame may stand between the
//! fragments of a message (RFC 6455 5.4). What the client answers goes on to the upstream, which so hears of the end in the
//! usual way; what the upstream still sends goes nowhere, since after a close frame nothing may follow.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BytesMut;
use pingora::protocols::Stream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};
use tokio_util::sync::WaitForCancellationFutureOwned;

/// The close frame: final, of two bytes, 1001.
const GOING_AWAY: [u8; 4] = [0x88, 0x02, 0x03, 0xe9];
/// How a switch of protocols begins.
const SWITCHED: &[u8] = b"HTTP/1.1 101 ";
/// How long both ends may take to close in the usual way.
const LONGEST: Duration = Duration::from_secs(2);
/// A longer head than this switches to nothing; Pingora refuses it from an upstream.
const LONGEST_HEAD: usize = 64 * 1024;

/// The wrapped connection.
pub(crate) struct Goodbye {
    inner: Stream,
    beginning: Pin<Box<WaitForCancellationFutureOwned>>,
    said: Said,
    answer: Answer,
    /// Who waits for the client's bytes; woken when a frame has ended.
    reader: Option<std::task::Waker>,
}

/// How far our own close frame has come.
enum Said {
    /// It is not time.
    Nothing,
    /// It is time, as soon as a frame has ended.
    Due,
    /// So many bytes of it have been written.
    Saying(usize),
    /// All of it; the connection ends when this is over, if not before.
    All(Pin<Box<Sleep>>),
}

/// What has been written to the client so far.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    /// The head, or a part of it.
    Head(BytesMut),
    /// It switched protocols: frames.
    Frames(Frames),
    /// Something else, into which nothing of ours is put.
    Other,
}

/// Where in an upstream's frames the last byte lies (RFC 6455 5.2).
#[derive(Debug, Default, PartialEq, Eq)]
struct Frames {
    header: Vec<u8>,
    payload: u64,
    /// A close frame has begun: it was the last.
    closed: bool,
}

impl Goodbye {
    /// `beginning` is when the process begins to leave.
    pub(crate) fn new(inner: Stream, beginning: WaitForCancellationFutureOwned) -> Self {
        Self {
            inner,
            beginning: Box::pin(beginning),
            said: Said::Nothing,
            answer: Answer::Head(BytesMut::new()),
            reader: None,
        }
    }

    /// Says it when it is time; ready with an error when the end has been waited for long enough.
    fn poll_say(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        loop {
            match &mut self.said {
                Said::Nothing => {
                    ready!(self.beginning.as_mut().poll(cx));
                    self.said = Said::Due;
                }
                Said::Due if self.answer.takes_a_frame() => self.said = Said::Saying(0),
                Said::Due => {
                    self.reader = Some(cx.waker().clone());
                    return Poll::Pending;
                }
                Said::Saying(written) => {
                    let rest = GOING_AWAY.get(*written..).unwrap_or_default();
                    if rest.is_empty() {
                        if let Err(error) = ready!(Pin::new(&mut self.inner).poll_flush(cx)) {
                            return Poll::Ready(error);
                        }
                        self.said = Said::All(Box::pin(sleep(LONGEST)));
                        continue;
                    }
                    match ready!(Pin::new(&mut self.inner).poll_write(cx, rest)) {
                        Ok(0) => return Poll::Ready(io::ErrorKind::WriteZero.into()),
                        Ok(count) => *written += count,
                        Err(error) => return Poll::Ready(error),
                    }
                }
                Said::All(over) => {
                    ready!(over.as_mut().poll(cx));
                    return Poll::Ready(io::ErrorKind::TimedOut.into());
                }
            }
        }
    }

    /// Whether nothing of the upstream's may follow any more.
    fn has_spoken(&self) -> bool {
        matches!(self.said, Said::Saying(_) | Said::All(_))
    }

    fn wrote(&mut self, bytes: &[u8]) {
        self.answer.advance(bytes);
        if matches!(self.said, Said::Due)
            && self.answer.takes_a_frame()
            && let Some(reader) = self.reader.take()
        {
            reader.wake();
        }
    }
}

impl Answer {
    fn advance(&mut self, bytes: &[u8]) {
        match self {
            Self::Other => {}
            Self::Frames(frames) => frames.advance(bytes),
            Self::Head(head) => {
                head.extend_from_slice(bytes);
                if head.len() < SWITCHED.len() {
                    return;
                }
                let end = memchr::memmem::find(head, b"\r\n\r\n").map(|at| at + 4);
                *self = match end {
                    _ if !head.starts_with(SWITCHED) => Self::Other,
                    Some(end) => {
                        let mut frames = Frames::default();
                        frames.advance(head.get(end..).unwrap_or_default());
                        Self::Frames(frames)
                    }
                    None if head.len() > LONGEST_HEAD => Self::Other,
                    None => return,
                };
            }
        }
    }

    fn takes_a_frame(&self) -> bool {
        matches!(self, Self::Frames(frames) if frames.payload == 0 && frames.header.is_empty() && !frames.closed)
    }
}

impl Frames {
    fn advance(&mut self, mut bytes: &[u8]) {
        while let Some((first, rest)) = bytes.split_first() {
            if self.payload > 0 {
                let here = usize::try_from(self.payload).unwrap_or(usize::MAX).min(bytes.len());
                self.payload -= here as u64;
                bytes = bytes.get(here..).unwrap_or_default();
                continue;
            }
            self.header.push(*first);
            bytes = rest;
            if let Some(payload) = payload_of(&self.header) {
                self.closed |= self.header.first().is_some_and(|byte| byte & 0x0f == 0x8);
                self.payload = payload;
                self.header.clear();
            }
        }
    }
}

/// The length of what follows a frame's header; `None` while the header is not whole.
fn payload_of(header: &[u8]) -> Option<u64> {
    let second = *header.get(1)?;
    let mask = if second & 0x80 == 0 { 0 } else { 4 };
    let extended = match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    if header.len() < 2 + extended + mask {
        return None;
    }
    let length = header.get(2..2 + extended)?.iter().fold(0, |length: u64, byte| length << 8 | u64::from(*byte));
    Some(if extended == 0 { u64::from(second & 0x7f) } else { length })
}

impl fmt::Debug for Goodbye {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Goodbye").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl AsyncRead for Goodbye {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Poll::Ready(error) = this.poll_say(cx) {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut this.inner).poll_read(cx, buf)
    }
}

impl AsyncWrite for Goodbye {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.has_spoken() {
            return Poll::Ready(Ok(buf.len()));
        }
        let count = ready!(Pin::new(&mut this.inner).poll_write(cx, buf))?;
        this.wrote(buf.get(..count).unwrap_or_default());
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

super::wrapped::passes_on_the_rest!(Goodbye);

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";

    /// Short, of 126 and of 70,000 bytes, empty, a ping, a fragment.
    fn frames() -> Vec<Vec<u8>> {
        let frame = |header: &[u8], length: usize| [header, &vec![0x88; length]].concat();
        vec![
            frame(&[0x81, 5], 5),
            frame(&[0x82, 126, 0, 126], 126),
            frame(&[0x82, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70], 70_000),
            frame(&[0x81, 0], 0),
            frame(&[0x89, 3], 3),
            frame(&[0x01, 2], 2),
            frame(&[0x81, 0x82, 1, 2, 3, 4], 2),
        ]
    }

    #[test]
    fn a_frame_of_ours_fits_after_each_of_theirs_and_nowhere_else() {
        let mut ends = vec![HEAD.len()];
        let mut all = HEAD.to_vec();
        for frame in frames() {
            all.extend(&frame);
            ends.push(all.len());
        }
        for step in [1, 7, 1024, all.len()] {
            let mut answer = Answer::Head(BytesMut::new());
            let mut at = 0;
            for part in all.chunks(step) {
                answer.advance(part);
                at += part.len();
                assert_eq!(answer.takes_a_frame(), ends.contains(&at), "after {at} bytes in steps of {step}");
            }
        }
    }

    #[test]
    fn nothing_is_put_into_an_answer_that_switched_to_nothing() {
        for head in [&b"HTTP/1.1 200 OK\r\n\r\n"[..], b"HTTP/1.1 403 Forbidden\r\n\r\n101 ", b"HTTP/1.1 1010 x\r\n\r\n"]
        {
            let mut answer = Answer::Head(BytesMut::new());
            answer.advance(head);
            assert!(!answer.takes_a_frame());
            assert_eq!(answer, Answer::Other);
        }
    }

    #[test]
    fn after_their_close_frame_comes_none_of_ours() {
        let mut answer = Answer::Head(BytesMut::new());
        answer.advance(HEAD);
        answer.advance(&GOING_AWAY);
        assert!(!answer.takes_a_frame());
    }
}
