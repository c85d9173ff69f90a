// Trains as long as it is told to, and sends the flow as a file after each turn.

import { initSync, Fit } from './flows.js';

// Milliseconds of steps between two messages: a frame.
const TURN = 15;

let fit = null, points = null, rate = 1e-3, going = false, steps = 0, seconds = 0;
const turns = new MessageChannel();
turns.port1.onmessage = turn;

function turn() {
    if (!going || !fit) return;
    const from = performance.now();
    let loss = 0, done = 0, now = from;
    try {
        do {
            loss += fit.step(rate);
            done++;
            now = performance.now();
        } while (now < from + TURN);
    } catch (error) {
        going = false;
        postMessage({ error: error.message });
        return;
    }
    steps += done;
    seconds += (now - from) / 1000;
    send(loss / done, done / (now - from) * 1000);
    turns.port2.postMessage(null);
}

function send(loss, perSecond) {
    const flow = fit.encode();
    postMessage({ flow, steps, seconds, loss, perSecond }, [flow.buffer]);
}

const tasks = {
    module({ module }) {
        initSync({ module });
    },
    // A new fit, of this size.
    start({ blocks, components, seed }) {
        fit?.free();
        fit = null;
        [steps, seconds] = [0, 0];
        fit = new Fit(blocks, components, points, seed);
        send(NaN, 0);
    },
    points(message) {
        points = message.points;
        fit?.setPoints(points);
    },
    rate(message) {
        rate = message.rate;
    },
    go(message) {
        const was = going;
        going = message.on;
        if (going && !was) turns.port2.postMessage(null);
    },
};

onmessage = ({ data }) => {
    try {
        tasks[data.task](data);
    } catch (error) {
        postMessage({ error: error.message });
    }
};
