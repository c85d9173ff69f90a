//! A flow of 6 dimensions with hidden layers of 32.

#![no_std]
#![no_main]

board::flow_image!(6, 3, 3, 32);
