#![no_main]
//! See `doorward_fuzz::return_address`.
libfuzzer_sys::fuzz_target!(|data: &[u8]| doorward_fuzz::return_address(data));
