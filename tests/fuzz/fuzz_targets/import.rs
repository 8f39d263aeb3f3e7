#![no_main]
//! See `doorward_fuzz::import`.
libfuzzer_sys::fuzz_target!(|data: &[u8]| doorward_fuzz::import(data));
