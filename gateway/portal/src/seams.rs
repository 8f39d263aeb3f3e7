//! For the fuzz targets alone: a way to what is private otherwise.

use crate::fields::Fields;

/// The fields of a form as it came, in their order; `None` when it is no form.
pub fn read_form(raw: &[u8]) -> Option<Vec<(String, String)>> {
    Fields::parse(raw).ok().map(Fields::exposed)
}
