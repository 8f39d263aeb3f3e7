#![no_main]
//! See `doorward_fuzz::ocra`.
libfuzzer_sys::fuzz_target!(|data: &[u8]| doorward_fuzz::ocra(data));
