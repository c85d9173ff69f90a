#![cfg_attr(fuzzing, no_main)]

gaussflow_fuzz::target!(gaussflow_fuzz::triangular);
