#![no_main]
//! See `doorward_fuzz::passcode`.
libfuzzer_sys::fuzz_target!(|data: &[u8]| doorward_fuzz::passcode(data));
