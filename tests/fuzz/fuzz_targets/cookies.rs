#![no_main]
//! See `doorward_fuzz::cookies`.
libfuzzer_sys::fuzz_target!(|data: &[u8]| doorward_fuzz::cookies(data));
