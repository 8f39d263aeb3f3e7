#![no_main]
//! See `doorward_fuzz::language`.
libfuzzer_sys::fuzz_target!(|data: &[u8]| doorward_fuzz::language(data));
