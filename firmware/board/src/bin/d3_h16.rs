//! A flow of 3 dimensions with hidden layers of 16.

#![no_std]
#![no_main]

board::flow_image!(3, 1, 2, 16);
