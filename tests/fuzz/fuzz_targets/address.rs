#![no_main]
//! See `doorward_fuzz::address`.
libfuzzer_sys::fuzz_target!(|data: &[u8]| doorward_fuzz::address(data));
