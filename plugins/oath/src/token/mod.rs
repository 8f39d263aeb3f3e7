//! A token as plugins keep and check it: its secret with what was learned of it ([`Kept`]), what its passcodes look
//! like ([`Shape`]), and whether an answer is right. The state is returned, and the host writes it over the one it has
//! read.

mod answer;
mod challenge;
mod kept;
mod shape;
mod verify;

pub use answer::digits;
pub use challenge::{digits_of, suite_name};
pub use kept::{Kept, SECRET_MIN, Valid};
pub use shape::{Kind, STEPS, Shape, shape};
pub use verify::{first, restored, resync, verify};
