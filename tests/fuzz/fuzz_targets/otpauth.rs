#![no_main]
//! See `doorward_fuzz::otpauth`.
libfuzzer_sys::fuzz_target!(|data: &[u8]| doorward_fuzz::otpauth(data));
