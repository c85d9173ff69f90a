//! A flow of 2 dimensions with hidden layers of 64.

#![no_std]
#![no_main]

board::flow_image!(2, 1, 1, 64);
