//! A flow of 3 dimensions with hidden layers of 64.

#![no_std]
#![no_main]

board::flow_image!(3, 1, 2, 64);
