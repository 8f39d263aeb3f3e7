#![no_main]
//! See `doorward_fuzz::name`.
libfuzzer_sys::fuzz_target!(|data: &[u8]| doorward_fuzz::name(data));
