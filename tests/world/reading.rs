//! Reading from what may be slow.

use std::io::{ErrorKind, Read, Result};

/// Reads some bytes; none at an end. A read with a time limit is broken off when this process is stopped and goes on, or meets
/// another signal: that is no end and no silence, so it is begun again. Whoever reads a stream in the tests reads it by this.
pub fn read_some(stream: &mut (impl Read + ?Sized), into: &mut [u8]) -> Result<usize> {
    loop {
        match stream.read(into) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each read comes to one of these, the last first.
    struct Told(Vec<Result<usize>>);

    impl Read for Told {
        fn read(&mut self, _: &mut [u8]) -> Result<usize> {
            self.0.pop().unwrap()
        }
    }

    #[test]
    fn a_signal_is_no_end_and_all_else_is_what_it_is() {
        let broken_off = || Err(ErrorKind::Interrupted.into());
        let mut stream =
            Told(vec![Err(ErrorKind::WouldBlock.into()), Ok(0), broken_off(), Ok(3), broken_off(), broken_off()]);
        let mut reads = || read_some(&mut stream, &mut [0; 8]).map_err(|error| error.kind());
        assert_eq!([reads(), reads(), reads()], [Ok(3), Ok(0), Err(ErrorKind::WouldBlock)]);
    }
}
