#![no_main]
//! See `doorward_fuzz::host`.
libfuzzer_sys::fuzz_target!(|data: &[u8]| doorward_fuzz::host(data));
