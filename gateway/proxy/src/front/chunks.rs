//! A chunked body, looked at as strictly as a head (FR-06). Pingora reads chunks on its own and is lenient in two places: no
//! size at all is a size of nothing to it, and an extension may hold a line feed. A front proxy that sees a line's end there,
//! or none, would find other requests in the same bytes; so the bytes pass by here first, and Pingora never sees a chunk that
//! could be two.

use std::fmt;
use std::io;
use std::sync::{Mutex, PoisonError};

use crate::front::head::{is_token_character, split_field};
use crate::refusal::Refusal;

/// Digits of a size: enough for 64 bits.
const MOST_DIGITS: usize = 16;
/// A size's line with its extensions, line end included: nobody uses them.
const LONGEST_SIZE_LINE: usize = 1024;
/// All trailers together, which go nowhere.
const LONGEST_TRAILERS: usize = 16 * 1024;

/// How far a chunked body has come in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Chunks {
    place: Place,
}

/// Where in the body the next byte lies.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// In the line with a size.
    Size(Vec<u8>),
    /// In data, of which so many bytes are to come.
    Data(u64),
    /// In the CRLF after data, of which so much has come.
    DataEnd(usize),
    /// In a trailer's line, after so many bytes of trailers.
    Trailer(Vec<u8>, usize),
    /// Behind it.
    Done,
}

/// The body of the request that is being read from a connection, if it is chunked.
#[derive(Debug, Default)]
pub(crate) struct Body(Mutex<Option<Chunks>>);

/// What reading from a connection fails with at a chunk that is none.
#[derive(Debug)]
struct BadChunk(Refusal);

// === impl Chunks ===

impl Chunks {
    /// At the beginning of a body, of which these bytes have come.
    pub(crate) fn begin(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut chunks = Self { place: Place::Size(Vec::new()) };
        chunks.advance(bytes)?;
        Ok(chunks)
    }

    /// Looks at what has come in. What follows the body is not looked at.
    fn advance(&mut self, mut bytes: &[u8]) -> Result<(), Refusal> {
        while let (Some((first, rest)), false) = (bytes.split_first(), self.place == Place::Done) {
            if let Place::Data(left) = &mut self.place {
                let here = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= here as u64;
                bytes = bytes.get(here..).unwrap_or_default();
                if *left == 0 {
                    self.place = Place::DataEnd(0);
                }
                continue;
            }
            bytes = rest;
            self.take(*first)?;
        }
        Ok(())
    }

    fn take(&mut self, byte: u8) -> Result<(), Refusal> {
        match &mut self.place {
            Place::Size(line) => {
                line.push(byte);
                if byte == b'\n' {
                    self.place = match size(line)? {
                        0 => Place::Trailer(Vec::new(), 0),
                        size => Place::Data(size),
                    };
                } else if line.len() >= LONGEST_SIZE_LINE {
                    return Err(Refusal::bad("chunk_size_line"));
                }
            }
            Place::DataEnd(seen) => match (*seen, byte) {
                (0, b'\r') => *seen = 1,
                (1, b'\n') => self.place = Place::Size(Vec::new()),
                _ => return Err(Refusal::bad("chunk_data_end")),
            },
            Place::Trailer(line, before) => {
                line.push(byte);
                let all = *before + line.len();
                if all > LONGEST_TRAILERS {
                    return Err(Refusal::bad("trailers_too_long"));
                }
                if byte == b'\n' {
                    let line = line.strip_suffix(b"\r\n").ok_or(Refusal::bad("bare_lf"))?;
                    if line.is_empty() {
                        self.place = Place::Done;
                    } else {
                        split_field(line)?;
                        self.place = Place::Trailer(Vec::new(), all);
                    }
                }
            }
            Place::Data(_) | Place::Done => {}
        }
        Ok(())
    }
}

/// The size that a whole line says.
fn size(line: &[u8]) -> Result<u64, Refusal> {
    let bad = || Refusal::bad("chunk_size");
    let line = line.strip_suffix(b"\r\n").ok_or_else(bad)?;
    let end = line.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(line.len());
    let (digits, extension) = line.split_at_checked(end).ok_or_else(bad)?;
    if !(1..=MOST_DIGITS).contains(&digits.len()) || !is_extension(extension) {
        return Err(bad());
    }
    let digits = std::str::from_utf8(digits).map_err(|_| bad())?;
    u64::from_str_radix(digits, 16).map_err(|_| bad())
}

/// Nothing, or `;name…` without control characters (RFC 9112 7.1.1).
fn is_extension(text: &[u8]) -> bool {
    let named = |rest: &[u8]| rest.first().is_some_and(|byte| is_token_character(*byte));
    let plain = text.iter().all(|byte| (*byte >= 0x20 && *byte != 0x7f) || *byte == b'\t');
    plain && (text.is_empty() || text.strip_prefix(b";").is_some_and(named))
}

// === impl Body ===

impl Body {
    /// Another request's body begins.
    pub(crate) fn begin(&self, chunks: Option<Chunks>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = chunks;
    }

    /// These bytes have been read from the connection.
    pub(crate) fn read(&self, bytes: &[u8]) -> io::Result<()> {
        let mut chunks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match chunks.as_mut().map_or(Ok(()), |chunks| chunks.advance(bytes)) {
            Ok(()) => Ok(()),
            Err(refusal) => Err(io::Error::new(io::ErrorKind::InvalidData, BadChunk(refusal))),
        }
    }
}

/// Whether it was a chunk that reading failed at.
pub(crate) fn is_bad_chunk(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    let error = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    error.is_some_and(<dyn std::error::Error + Send + Sync>::is::<BadChunk>)
}

impl fmt::Display for BadChunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a chunk is none: {}", self.0.reason)
    }
}

impl std::error::Error for BadChunk {}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same bytes at once and one by one come to the same.
    fn outcome(bytes: &[u8]) -> Result<bool, &'static str> {
        let at_once = Chunks::begin(bytes);
        let mut one_by_one = Chunks::begin(b"");
        for byte in bytes {
            one_by_one = one_by_one.and_then(|mut chunks| chunks.advance(&[*byte]).map(|()| chunks));
        }
        assert_eq!(at_once, one_by_one, "{}", bytes.escape_ascii());
        at_once.map(|chunks| chunks.place == Place::Done).map_err(|refusal| refusal.reason)
    }

    #[test]
    fn a_body_ends_with_the_empty_line_after_its_last_chunk() {
        for whole in [
            &b"0\r\n\r\n"[..],
            b"5\r\nhello\r\n0\r\n\r\n",
            b"a\r\nhellohello\r\n000\r\n\r\n",
            b"A;name=value\r\nhellohello\r\n0;x\r\n\r\n",
            b"5;a=\"b;c\" \r\nhello\r\n0\r\nX: y\r\nZ:\r\n\r\n",
            b"2\r\n\r\n\r\n0\r\n\r\nGET / HTTP/1.1\nwhatever follows is none of it",
        ] {
            assert_eq!(outcome(whole), Ok(true), "{}", whole.escape_ascii());
        }
        for part in [&b""[..], b"5", b"5\r", b"5\r\nhel", b"5\r\nhello\r\n", b"0\r\n", b"0\r\nX: y\r\n"] {
            assert_eq!(outcome(part), Ok(false), "{}", part.escape_ascii());
        }
    }

    #[test]
    fn a_chunk_that_could_be_two_is_none() {
        let long = [b"5;".as_slice(), &[b'a'; LONGEST_SIZE_LINE], b"\r\n"].concat();
        for bad in [
            &b"\r\nhello\r\n0\r\n\r\n"[..],
            b"5\nhello",
            b"5\r\r\n",
            b" 5\r\n",
            b"5 \r\n",
            b"+5\r\n",
            b"-0\r\n",
            b"0x5\r\n",
            b"5_0\r\n",
            b"10000000000000005\r\n",
            b"2;\r\nxx",
            b"2;a=\"\n\"\r\nxx",
            b"2;a\rb\r\n",
            b"2;a\0\r\n",
            b"5\r\nhelloX",
            b"5\r\nhello\n",
            b"5\r\nhello\rX",
            b"0\r\nX: y\n\n",
            b"0\r\nno field\r\n\r\n",
            b"0\r\n folded\r\n\r\n",
            &long,
        ] {
            assert!(outcome(bad).is_err(), "{}", bad.escape_ascii());
        }
        let trailers = [b"0\r\n".as_slice(), &b"X: y\r\n".repeat(LONGEST_TRAILERS)].concat();
        assert_eq!(outcome(&trailers), Err("trailers_too_long"));
    }

    #[test]
    fn a_connection_is_read_from_until_a_chunk_is_none() {
        let body = Body::default();
        assert!(body.read(b"whatever, with no body expected").is_ok());
        body.begin(Some(Chunks::begin(b"5\r\nhe").unwrap()));
        assert!(body.read(b"llo\r\n").is_ok());
        let error: Box<dyn std::error::Error + Send + Sync> = Box::new(body.read(b"\r\n").unwrap_err());
        assert!(is_bad_chunk(error.as_ref()));
        let other: Box<dyn std::error::Error + Send + Sync> = Box::new(io::Error::from(io::ErrorKind::InvalidData));
        assert!(!is_bad_chunk(other.as_ref()));
    }
}
