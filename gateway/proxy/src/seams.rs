//! For the fuzz targets alone: a way to what is private otherwise.

use crate::front::read_whole_head;
use crate::limits::Limits;
use crate::refusal::Refusal;

/// What the front layer finds in bytes that come in these pieces: the length of a head that passed, nothing while it is
/// not complete, or why it is refused.
///
/// # Errors
/// The refusal.
pub fn read_head(pieces: &[&[u8]], limits: &Limits) -> Result<Option<usize>, Refusal> {
    read_whole_head(pieces, limits)
}
