//! What a client does with the frames of its HTTP/2 connection, watched from outside: the codec decodes them, here only their
//! heads are looked at. A frame, and the frames of one header block, must come in time; frames that cost work and bring
//! nothing have a budget (H2-04).

use std::time::{Duration, Instant};

use crate::limits::{Budget, Limits};

/// The length of `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n` (RFC 9113 3.4).
const PREFACE: usize = 24;
/// The length of a frame's head (RFC 9113 4.1).
const HEAD: usize = 9;

/// Types of frames (RFC 9113 6).
const DATA: u8 = 0x0;
const HEADERS: u8 = 0x1;
const RST_STREAM: u8 = 0x3;
const WINDOW_UPDATE: u8 = 0x8;
const CONTINUATION: u8 = 0x9;

const END_STREAM: u8 = 0x1;
const END_HEADERS: u8 = 0x4;

/// A client that updates two windows for each DATA frame sends two frames for at least ten bytes that were written to it.
const BYTES_FOR_AN_UPDATE: usize = 5;

/// What the client did too much of, or too slowly: the reason in the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Abuse(pub(crate) &'static str);

/// The watcher of one connection.
#[derive(Debug)]
pub(crate) struct Frames {
    part: Part,
    /// When the preface, the frame or the header block that is coming in must be there.
    frame_due: Option<Instant>,
    block_due: Option<Instant>,
    within: Duration,
    slowest: u32,
    resets: Spending,
    controls: Spending,
    updates: Spending,
}

/// What the next byte belongs to.
#[derive(Debug)]
enum Part {
    Preface { left: usize },
    Head { bytes: [u8; HEAD], have: usize },
    Payload { left: usize },
}

// === impl Frames ===

impl Frames {
    /// Of a connection whose preface is awaited from now on.
    pub(crate) fn new(limits: &Limits, now: Instant) -> Self {
        Self {
            part: Part::Preface { left: PREFACE },
            frame_due: Some(now + limits.header_deadline),
            block_due: None,
            within: limits.header_deadline,
            slowest: limits.slowest.max(1),
            resets: Spending::new(limits.h2.resets, now),
            controls: Spending::new(limits.h2.controls, now),
            updates: Spending::new(limits.h2.window_updates, now),
        }
    }

    /// When what has begun to come in must be there.
    pub(crate) fn due(&self) -> Option<Instant> {
        [self.frame_due, self.block_due].into_iter().flatten().min()
    }

    /// The client sent these bytes.
    pub(crate) fn read(&mut self, mut bytes: &[u8], now: Instant) -> Result<(), Abuse> {
        while !bytes.is_empty() {
            let taken = match &mut self.part {
                Part::Preface { left } | Part::Payload { left } => {
                    let taken = bytes.len().min(*left);
                    *left -= taken;
                    taken
                }
                Part::Head { bytes: head, have } => {
                    let taken = bytes.len().min(HEAD - *have);
                    let into = head.iter_mut().skip(*have);
                    into.zip(bytes).for_each(|(to, from)| *to = *from);
                    *have += taken;
                    taken
                }
            };
            bytes = bytes.get(taken..).unwrap_or_default();
            self.step(now)?;
        }
        Ok(())
    }

    /// So many bytes were written to the client.
    pub(crate) fn wrote(&mut self, bytes: usize) {
        self.updates.earn(bytes / BYTES_FOR_AN_UPDATE);
    }

    /// Goes on to the next part if this one is whole.
    fn step(&mut self, now: Instant) -> Result<(), Abuse> {
        match self.part {
            Part::Preface { left: 0 } | Part::Payload { left: 0 } => self.next_frame(),
            Part::Head { bytes, have: HEAD } => {
                let length = self.begins(bytes, now)?;
                self.part = Part::Payload { left: length };
                if length == 0 {
                    self.next_frame();
                }
            }
            Part::Head { .. } if self.frame_due.is_none() => self.frame_due = Some(now + self.within),
            _ => {}
        }
        Ok(())
    }

    fn next_frame(&mut self) {
        self.part = Part::Head { bytes: [0; HEAD], have: 0 };
        self.frame_due = None;
    }

    /// A frame begins. Its length.
    fn begins(&mut self, [a, b, c, kind, flags, ..]: [u8; HEAD], now: Instant) -> Result<usize, Abuse> {
        let length = u32::from_be_bytes([0, a, b, c]);
        let mut due = self.frame_due.unwrap_or(now + self.within);
        match kind {
            // A body may come as slowly as bodies may, and so may each of its frames.
            DATA if length > 0 => due += Duration::from_secs(u64::from(length / self.slowest)),
            DATA if flags & END_STREAM != 0 => {}
            HEADERS => self.block_due = (flags & END_HEADERS == 0).then(|| now + self.within),
            RST_STREAM => self.resets.spend(now).ok_or(Abuse("h2_resets"))?,
            WINDOW_UPDATE => self.updates.spend(now).ok_or(Abuse("h2_window_updates"))?,
            _ => {
                self.controls.spend(now).ok_or(Abuse("h2_controls"))?;
                if kind == CONTINUATION && flags & END_HEADERS != 0 {
                    self.block_due = None;
                }
            }
        }
        self.frame_due = Some(due);
        Ok(usize::try_from(length).unwrap_or(usize::MAX))
    }
}

/// What is left of a budget.
#[derive(Debug)]
struct Spending {
    budget: Budget,
    /// In thousandths of one, since a second's part is given for each millisecond.
    left: u64,
    at: Instant,
}

// === impl Spending ===

impl Spending {
    fn new(budget: Budget, now: Instant) -> Self {
        Self { budget, left: u64::from(budget.burst) * 1000, at: now }
    }

    fn spend(&mut self, now: Instant) -> Option<()> {
        let passed = u64::try_from(now.saturating_duration_since(self.at).as_millis()).unwrap_or(u64::MAX);
        if passed > 0 {
            self.at = now;
            let most = self.left.max(u64::from(self.budget.burst) * 1000);
            self.left = self.left.saturating_add(passed.saturating_mul(u64::from(self.budget.per_second))).min(most);
        }
        self.left = self.left.checked_sub(1000)?;
        Some(())
    }

    fn earn(&mut self, count: usize) {
        self.left = self.left.saturating_add(u64::try_from(count).unwrap_or(u64::MAX).saturating_mul(1000));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let head = [length[1], length[2], length[3], kind, flags, 0, 0, 0, 1];
        [head.as_slice(), payload].concat()
    }

    fn greeted(now: Instant) -> Frames {
        let mut frames = Frames::new(&Limits::default(), now);
        frames.read(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", now).unwrap();
        assert_eq!(frames.due(), None);
        frames
    }

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn a_preface_a_frame_and_a_header_block_must_come_in_ten_seconds() {
        let now = Instant::now();
        let mut frames = Frames::new(&Limits::default(), now);
        frames.read(b"PRI * HTT", now + seconds(9)).unwrap();
        assert_eq!(frames.due(), Some(now + seconds(10)));

        let mut frames = greeted(now);
        let headers = frame(HEADERS, 0, b"abc");
        for (at, byte) in headers.iter().enumerate() {
            frames.read(&[*byte], now + seconds(at as u64)).unwrap();
        }
        assert_eq!(frames.due(), Some(now + seconds(8 + 10)), "the block is not whole: from its head on");
        frames.read(&frame(CONTINUATION, END_HEADERS, b"abc"), now + seconds(13)).unwrap();
        assert_eq!(frames.due(), None);
        frames.read(&[0], now + seconds(20)).unwrap();
        frames.read(&[0, 0], now + seconds(29)).unwrap();
        assert_eq!(frames.due(), Some(now + seconds(30)), "from its first byte on");
    }

    #[test]
    fn a_body_may_come_as_slowly_as_bodies_may() {
        let now = Instant::now();
        let mut frames = greeted(now);
        let data = frame(DATA, 0, &[0; 2400]);
        frames.read(&data[..9], now).unwrap();
        assert_eq!(frames.due(), Some(now + seconds(10 + 10)));
        frames.read(&data[9..], now + seconds(19)).unwrap();
        assert_eq!(frames.due(), None);
    }

    #[test]
    fn frames_are_found_however_their_bytes_come() {
        let now = Instant::now();
        let stream = [frame(4, 0, &[0; 6]), frame(DATA, 0, &[7; 300]), frame(RST_STREAM, 0, &[0; 4])].concat();
        for size in 1..40 {
            let mut frames = greeted(now);
            for part in stream.chunks(size) {
                frames.read(part, now).unwrap();
            }
            assert_eq!((frames.due(), frames.resets.left, frames.controls.left), (None, 199_000, 999_000), "{size}");
        }
    }

    #[test]
    fn a_flood_of_resets_ends_and_a_reader_who_stops_now_and_then_goes_on() {
        let now = Instant::now();
        let reset = frame(RST_STREAM, 0, &[0; 4]);
        let mut frames = greeted(now);
        let sent = (0..10_000).take_while(|_| frames.read(&reset, now).is_ok()).count();
        assert_eq!(sent, 200);
        let mut frames = greeted(now);
        for page in 0..100 {
            for _ in 0..100 {
                frames.read(&reset, now + seconds(6 * page)).unwrap();
            }
        }
    }

    #[test]
    fn floods_of_what_brings_nothing_end() {
        let now = Instant::now();
        for (kind, payload, flags) in
            [(4, 0, 0), (4, 0, 1), (6, 8, 0), (2, 5, 0), (7, 8, 0), (9, 1, 0), (0, 0, 0), (99, 3, 0)]
        {
            let frame = frame(kind, flags, &vec![0; payload]);
            let mut frames = greeted(now);
            let sent = (0..10_000).find_map(|sent| frames.read(&frame, now).err().map(|abuse| (sent, abuse)));
            assert_eq!(sent, Some((1000, Abuse("h2_controls"))), "{kind}");
        }
        let mut frames = greeted(now);
        let end = frame(DATA, END_STREAM, b"");
        assert!((0..10_000).all(|_| frames.read(&end, now).is_ok()), "each is the end of a request");
    }

    #[test]
    fn whoever_is_sent_much_may_update_windows_often() {
        let now = Instant::now();
        let update = frame(WINDOW_UPDATE, 0, &[0, 0, 0, 1]);
        let mut frames = greeted(now);
        assert_eq!((0..10_000).take_while(|_| frames.read(&update, now).is_ok()).count(), 1000);
        let mut frames = greeted(now);
        for _ in 0..100_000 {
            frames.wrote(10);
            frames.read(&update, now).unwrap();
            frames.read(&update, now).unwrap();
        }
    }
}
