#![no_main]
//! See `doorward_fuzz::policies`.
libfuzzer_sys::fuzz_target!(|data: &[u8]| doorward_fuzz::policies(data));
