#![no_main]
//! See `doorward_fuzz::form`.
libfuzzer_sys::fuzz_target!(|data: &[u8]| doorward_fuzz::form(data));
