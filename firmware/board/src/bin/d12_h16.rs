//! A flow of 12 dimensions with hidden layers of 16.

#![no_std]
#![no_main]

board::flow_image!(12, 6, 6, 16);
