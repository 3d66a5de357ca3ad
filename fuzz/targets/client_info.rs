#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::targets::client_info::run(input));
