#![no_main]
//! See `doorward_fuzz::head`.
libfuzzer_sys::fuzz_target!(|data: &[u8]| doorward_fuzz::head(data));
