#![no_main]
//! See `doorward_fuzz::target`.
libfuzzer_sys::fuzz_target!(|data: &[u8]| doorward_fuzz::target(data));
