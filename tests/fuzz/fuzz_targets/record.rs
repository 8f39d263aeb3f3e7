#![no_main]
//! See `doorward_fuzz::record`.
libfuzzer_sys::fuzz_target!(|data: &[u8]| doorward_fuzz::record(data));
