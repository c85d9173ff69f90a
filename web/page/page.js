// The page: controls, two workers (one trains, one looks at the flow), and pictures.

import * as draw from './draw.js';
import * as table from './table.js';

/// Points drawn from a density to train on; as many are held out.
const COUNT = 5000;
/// Points of which every layer is shown, at most.
const SHOWN = 1000;
/// Looks until all of a flow has been seen.
const LOOKS = 8;
const EMPTY = new Float32Array();
const BOARD = { x: -4, y: -4, size: 8 };

const $ = id => document.getElementById(id);
const number = (x, digits = 3) => (Number.isFinite(x) ? x.toFixed(digits).replace('-', '−') : '–');
const whole = x => Math.round(x).toLocaleString('en');

// --- Workers

const module = await WebAssembly.compileStreaming(fetch('flows_bg.wasm'));
const worker = name => new Worker(new URL(name, import.meta.url), { type: 'module' });

/// Asks a worker of this kind: `ask(task, message)` is its answer.
function asking(name) {
    const asked = new Map(), to = worker(name);
    let id = 0;
    to.onmessage = ({ data }) => {
        const { resolve, reject } = asked.get(data.id);
        asked.delete(data.id);
        if (data.error) reject(new Error(data.error));
        else resolve(data);
    };
    return (task, message = {}) => new Promise((resolve, reject) => {
        asked.set(++id, { resolve, reject });
        to.postMessage({ id, task, ...message });
    });
}

// The second viewer fits mixtures, which takes longer than a frame.
const trainer = worker('trainer.js'), ask = asking('viewer.js'), askAside = asking('viewer.js');
trainer.postMessage({ task: 'module', module });
const [about] = await Promise.all([ask, askAside].map(ask => ask('module', { module })));

// --- State

let data = { train: EMPTY, held: EMPTY, truth: NaN, box: BOARD }, shown = EMPTY, hues = [];
let flow = null, size = null, wanted = 0, started = false, training = false, seed = 1;
let seen = {}, nll = NaN, steps = 0, losses = [], heldOut = [], recent = EMPTY;
let mixture = NaN, layer = 0, playing = false, cursor = null;
const counts = { frames: 0, pictures: 0 };
let wake = () => {};

function say(words, wrong = false, where = $('status')) {
    where.textContent = words;
    where.classList.toggle('wrong', wrong);
}

// --- Points

function boxOf(points) {
    if (points.length === 0) return BOARD;
    const low = [Infinity, Infinity], high = [-Infinity, -Infinity];
    points.forEach((value, i) => {
        low[i % 2] = Math.min(low[i % 2], value);
        high[i % 2] = Math.max(high[i % 2], value);
    });
    const size = 1.2 * Math.max(high[0] - low[0], high[1] - low[1]) || 1;
    return { x: (low[0] + high[0] - size) / 2, y: (low[1] + high[1] - size) / 2, size };
}

/// A box with the middle 96 % of each coordinate well inside, whatever lies farther out.
function boxAround(points) {
    const spans = [0, 1].map(d => {
        const sorted = points.filter((_, i) => i % 2 === d).sort();
        return [0.02, 0.98].map(part => sorted[Math.floor(part * (sorted.length - 1))]);
    });
    const size = 1.5 * Math.max(...spans.map(([low, high]) => high - low)) || 1;
    const [x, y] = spans.map(([low, high]) => (low + high - size) / 2);
    return { x, y, size };
}

/// So many of the points, evenly taken.
function some(points, count) {
    const all = points.length / 2, taken = new Float32Array(2 * Math.min(all, count));
    for (let i = 0; i < taken.length / 2; i++) {
        const from = Math.floor(i * all / (taken.length / 2));
        taken.set([points[2 * from], points[2 * from + 1]], 2 * i);
    }
    return taken;
}

function setShown(points) {
    shown = some(points, SHOWN);
    const order = [...Array(shown.length / 2).keys()].sort((a, b) => shown[2 * a] - shown[2 * b]);
    hues = [];
    order.forEach((i, rank) => (hues[i] = rank / order.length));
}

async function setPoints(next, box) {
    data = { ...data, ...next, box: box ?? data.box };
    setShown(data.held.length > 0 ? data.held : data.train);
    [nll, heldOut] = [NaN, box ? [] : heldOut];
    trainer.postMessage({ task: 'points', points: data.train });
    repaint();
    await ask('points', { held: data.held, shown, box: data.box });
    look();
    fitMixture();
}

let waiting = 0;

/// Once the points have stayed for a moment; too few of them have no mixture.
function fitMixture() {
    clearTimeout(waiting);
    mixture = NaN;
    waiting = setTimeout(async () => {
        const { train, held } = data;
        const nll = held.length === 0 ? NaN : await askAside('mixture', { train, held }).then(({ nll }) => nll, () => NaN);
        if (train !== data.train) return;
        mixture = nll;
        tell();
        repaint('losses');
    }, 300);
}

/// Points of the chosen density; false where others were chosen meanwhile.
async function drawDensity() {
    const before = data, drawn = await ask('draw', { name: $('density').value, count: COUNT, seed });
    if (data !== before) return false;
    await setPoints(drawn, boxOf(drawn.train));
    return true;
}

/// In random order, one in five held out.
function split(points) {
    const order = [...Array(points.length / 2).keys()];
    for (let i = order.length - 1; i > 0; i--) {
        const j = Math.floor(Math.random() * (i + 1));
        [order[i], order[j]] = [order[j], order[i]];
    }
    const part = rows => new Float32Array(rows.flatMap(i => [points[2 * i], points[2 * i + 1]]));
    const cut = Math.floor(order.length / 5);
    return { train: part(order.slice(cut)), held: part(order.slice(0, cut)), truth: NaN };
}

function ownPoints(name) {
    const own = $('density').querySelector('option[value=""]');
    own.textContent = name;
    own.hidden = false;
    $('density').value = '';
}

const gaussian = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
let brushed = [], sending = 0;

/// Some points around a place.
function brush([x, y]) {
    const spread = 0.015 * data.box.size;
    for (let i = 0; i < 8; i++) brushed.push(x + spread * gaussian(), y + spread * gaussian());
    ownPoints('drawn by hand');
    repaint('points');
    sending ||= setTimeout(() => {
        sending = 0;
        const both = { train: [...data.train], held: [...data.held], truth: NaN };
        for (let i = 0; i < brushed.length; i += 2) (i % 10 === 0 ? both.held : both.train).push(brushed[i], brushed[i + 1]);
        brushed = [];
        setPoints({ ...both, train: new Float32Array(both.train), held: new Float32Array(both.held) });
    }, 100);
}

// --- Flow

const chosen = name => about[name][$(name).value];

function start() {
    if (data.train.length < 40) {
        say('There have to be 20 points at least: draw some, choose a density, or open a file.', true);
        setTraining(false);
        return false;
    }
    [losses, heldOut, steps, nll, started] = [[], [], 0, NaN, true];
    trainer.postMessage({ task: 'start', blocks: chosen('blocks'), components: chosen('components'), seed });
    return true;
}

function setTraining(on) {
    if (on && !started && !start()) return;
    training = on;
    $('train').textContent = on ? 'Pause' : 'Train';
    trainer.postMessage({ task: 'go', on });
    if (on) say(`Training ${chosen('blocks')} blocks of ${chosen('components')} components on ${whole(data.train.length / 2)} points, ${whole(data.held.length / 2)} held out.`);
}

trainer.onmessage = ({ data: message }) => {
    if (message.error) {
        setTraining(false);
        say(message.error, true);
        return;
    }
    if (!started) return;
    flow = message.flow;
    steps = message.steps;
    if (Number.isFinite(message.loss)) {
        losses.push([steps, message.loss]);
        if (losses.length > 1200) losses = losses.filter((_, i) => i % 2 === 1);
    }
    $('steps').textContent = whole(steps);
    $('seconds').textContent = message.seconds.toFixed(1);
    if (message.perSecond) $('speed').textContent = whole(message.perSecond * Math.min(about.batch, data.train.length / 2));
    look();
};

/// Has the viewer look at the flow until it has seen all.
function look() {
    wanted = LOOKS;
    wake();
}

async function looks() {
    for (let last = null; ;) {
        if (wanted === 0 || !flow) await new Promise(resolve => (wake = resolve));
        try {
            const now = flow;
            if (now && now !== last) {
                size = await ask('flow', { flow: now });
                last = now;
                $('parameters').textContent = whole(size.parameters);
            }
            const step = steps, next = await ask('look', { last: wanted === 1 });
            wanted = Math.max(wanted - 1, 0);
            if (next.nll !== undefined) {
                nll = next.nll;
                if (training) heldOut.push([step, nll]);
                if (heldOut.length > 600) heldOut = heldOut.filter((_, i) => i % 2 === 1);
                $('nll').textContent = number(nll);
            }
            if (next.states?.length !== (2 + 2 * size.blocks) * shown.length) delete next.states;
            seen = { ...seen, ...next };
            repaint('heat', 'layers', 'latents', 'losses');
            if (next.samples) repaint('samples');
            counts.pictures++;
        } catch (error) {
            say(error.message, true);
            wanted = 0;
        }
    }
}

// --- Scores

const open = async (input, read) => {
    const [file] = input.files;
    if (file) await read(file);
    input.value = '';
};

async function openPoints(file) {
    try {
        const { points } = table.read(await file.text());
        ownPoints(file.name);
        await setPoints(split(points), boxOf(points));
        started = false;
        if (training) setTraining(true);
        say(`${whole(points.length / 2)} points of ${file.name}, one in five held out.`);
    } catch (error) {
        say(`${file.name}: ${error.message}`, true);
    }
}

async function openFlow(file) {
    const where = $('score-status');
    try {
        const bytes = new Uint8Array(await file.arrayBuffer());
        const found = await ask('opened', { flow: bytes });
        setTraining(false);
        [flow, started, losses, heldOut, seen, steps] = [bytes, false, [], [], {}, 0];
        for (const name of ['blocks', 'components']) setSlider(name, about[name].indexOf(found[name]));
        for (const [id, text] of [['steps', '0'], ['seconds', '0.0'], ['speed', '–'], ['nll', '–']]) $(id).textContent = text;
        ownPoints('no points');
        await setPoints({ train: EMPTY, held: EMPTY, truth: NaN }, boxOf(found.samples));
        setShown(found.samples);
        await ask('points', { held: EMPTY, shown });
        look();
        say('');
        say(`${file.name}: a flow of ${found.blocks} blocks, ${found.components} components and ${whole(found.parameters)} parameters.`, false, where);
    } catch (error) {
        say(`${file.name}: ${error.message}`, true, where);
    }
}

async function scorePoints(file) {
    const where = $('score-status');
    try {
        if (!flow) throw new Error('there is no flow yet: train one, or open flow.bin');
        const { names, points } = table.read(await file.text());
        const { logProbs } = await ask('score', { flow, points });
        const csv = table.write(names, points, [...logProbs]);
        URL.revokeObjectURL($('scores').href);
        $('scores').href = URL.createObjectURL(new Blob([csv], { type: 'text/csv' }));
        $('scores').hidden = $('preview').hidden = false;
        $('preview').textContent = csv.split('\n').slice(0, 9).join('\n');
        const mean = logProbs.reduce((sum, value) => sum + value, 0) / logProbs.length;
        say(`${file.name}: ${whole(logProbs.length)} rows scored, mean log p ${number(mean)} nats.`, false, where);
    } catch (error) {
        $('scores').hidden = $('preview').hidden = true;
        say(`${file.name}: ${error.message}`, true, where);
    }
}

// --- Pictures

const NORMAL = { x: -3.6, y: -3.6, size: 7.2 };

const painters = {
    points(canvas) {
        const { context, width } = draw.clear(canvas), at = draw.place(data.box, width), size = data.train.length > 4000 ? 1.6 : 2.4;
        draw.dots(context, some(data.train, 5000), at, 'accent', { alpha: 0.5, size });
        draw.dots(context, new Float32Array(brushed), at, 'accent', { alpha: 0.5, size });
        if (cursor) draw.cross(context, at(...cursor), 9);
    },
    heat(canvas) {
        const { context, width } = draw.clear(canvas);
        if (seen.density) draw.heatMap(context, seen.density, about.side, width);
        if (seen.grid && $('grid').checked) draw.lines(context, seen.grid, about.perLine, draw.place(data.box, width), 'warm');
    },
    samples(canvas) {
        const { context, width } = draw.clear(canvas);
        if (seen.samples) draw.dots(context, seen.samples, draw.place(data.box, width), 'warm', { size: 2.4 });
    },
    layers(canvas) {
        const { context, width } = draw.clear(canvas);
        if (!seen.states) return;
        const last = seen.states.length / shown.length - 1, low = Math.min(Math.floor(layer), last - 1), part = layer - low;
        const [from, to] = [low, low + 1].map(i => seen.states.subarray(i * shown.length, (i + 1) * shown.length));
        const [before, after] = [low === 0 ? data.box : boxAround(from), low + 1 === last ? NORMAL : boxAround(to)];
        const mix = (a, b) => a + part * (b - a);
        const box = { x: mix(before.x, after.x), y: mix(before.y, after.y), size: mix(before.size, after.size) };
        const at = draw.place(box, width);
        const points = isRotated(low + 1) ? rotated(from, part * angleBetween(from, to)) : from.map((value, i) => mix(value, to[i]));
        draw.colouredDots(context, points, at, hues);
        if (layer >= last) draw.rings(context, at);
    },
    latents(canvas) {
        const { context, width } = draw.clear(canvas), half = width / 2;
        [['f(x) of the points', latentsSeen(), 'accent'], ['draws of the normal', about.normals, 'faint']].forEach(([name, points, colour], i) => {
            const at = draw.place(NORMAL, half, i * half);
            context.save();
            context.beginPath();
            context.rect(i * half, 0, half, half);
            context.clip();
            draw.dots(context, points, at, colour, { size: 2.2, alpha: 0.55 });
            draw.rings(context, at);
            context.restore();
            draw.text(context, name, i * half + 8, 16, 'ink');
        });
    },
    losses(canvas) {
        const { context, width, height } = draw.clear(canvas);
        draw.curves(context, width, height, [
            { name: 'training', points: losses, colour: 'faint' },
            { name: 'held out', points: heldOut, colour: 'accent', thick: true },
        ], [{ name: 'mixture', value: mixture, colour: 'ink' }, { name: 'truth', value: data.truth, colour: 'warm' }]);
    },
};
const stale = new Set(Object.keys(painters));
const repaint = (...names) => (names.length > 0 ? names : Object.keys(painters)).forEach(name => stale.add(name));

const latentsSeen = () => (seen.states ? seen.states.subarray(seen.states.length - shown.length) : EMPTY);

const isRotated = layer => layer > 1 && layer % 2 === 0;

/// By which one is turned to be the other.
function angleBetween(from, to) {
    let along = 0, across = 0;
    for (let i = 0; i < from.length; i += 2) {
        along += from[i] * to[i] + from[i + 1] * to[i + 1];
        across += from[i] * to[i + 1] - from[i + 1] * to[i];
    }
    return Math.atan2(across, along);
}

function rotated(points, angle) {
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    return points.map((value, i) => (i % 2 === 0 ? cos * value - sin * points[i + 1] : cos * value + sin * points[i - 1]));
}

const layerName = i => (i === 0 ? 'the points' : i === 1 ? 'scaled and shifted' : `block ${Math.floor(i / 2)}, ${isRotated(i) ? 'rotated' : 'one coordinate mapped given the other'}`);

/// What the pictures show, in words.
function tell() {
    $('points-text').textContent = `${whole(data.train.length / 2)} to train on, ${whole(data.held.length / 2)} held out.`;
    $('truth').textContent = number(data.truth);
    $('mixture').textContent = number(mixture);
    if (!seen.density) {
        for (const id of ['heat', 'samples', 'layers', 'latents', 'losses']) $(id + '-text').textContent = 'Nothing yet: press Train.';
        return;
    }
    const peak = seen.density.indexOf(seen.density.reduce((a, b) => Math.max(a, b)));
    const cell = i => (i + 0.5) / about.side * data.box.size;
    const [x, y] = [data.box.x + cell(peak % about.side), data.box.y + data.box.size - cell(Math.floor(peak / about.side))];
    $('heat-text').textContent = `Highest: log p = ${number(seen.density[peak], 2)} at (${number(x, 2)}, ${number(y, 2)}).`;
    if (seen.samples) {
        const means = [0, 1].map(d => seen.samples.filter((_, i) => i % 2 === d).reduce((a, b) => a + b, 0) / (seen.samples.length / 2));
        $('samples-text').textContent = `${whole(seen.samples.length / 2)} draws, their mean at (${means.map(m => number(m, 2)).join(', ')}).`;
    }
    if (seen.states) {
        const i = Math.round(layer);
        $('layers-text').textContent = `After layer ${i} of ${$('layer').max}: ${layerName(i)}.`;
        const [half, most] = draw.inside(latentsSeen()).map(part => number(100 * part, 1));
        $('latents-text').textContent = `In the circles that hold 50 % and 95 % of the normal: ${half} % and ${most} % of the points.`;
    }
    $('losses-text').textContent = losses.length === 0 ? 'No step yet.' : `After ${whole(steps)} steps: training ${number(losses.at(-1)[1])}, held out ${number(nll)} nats.`;
}

let before = performance.now();
function frame(now) {
    counts.frames++;
    if (playing && size) {
        setLayer(layer + Math.min(now - before, 100) / 600);
        if (layer >= Number($('layer').max)) setPlaying(false);
    }
    before = now;
    for (const name of stale) painters[name]($(name));
    stale.clear();
    requestAnimationFrame(frame);
}

let counted = performance.now();
setInterval(() => {
    const now = performance.now();
    for (const name of ['frames', 'pictures']) {
        $(name).textContent = Math.round(1000 * counts[name] / (now - counted));
        counts[name] = 0;
    }
    counted = now;
    tell();
}, 1000);

// --- Controls

function setSlider(name, index) {
    $(name).value = index;
    const words = `${about[name][index]} ${name}`;
    $(name).setAttribute('aria-valuetext', words);
    $(name + '-value').textContent = about[name][index];
    if (name === 'blocks') $('layer').max = 1 + 2 * about[name][index];
    setLayer(Math.min(layer, Number($('layer').max)));
}

function setLayer(value) {
    layer = Math.min(value, Number($('layer').max));
    $('layer').value = layer;
    repaint('layers');
    $('layer').setAttribute('aria-valuetext', `${Math.round(layer)}: ${layerName(Math.round(layer))}`);
}

function setPlaying(on) {
    playing = on;
    $('play').textContent = on ? 'Stop' : 'Play';
    if (on && layer >= Number($('layer').max)) setLayer(0);
}

function setRate() {
    const rate = 10 ** Number($('rate').value), words = rate.toPrecision(2);
    $('rate').setAttribute('aria-valuetext', words);
    $('rate-value').textContent = words;
    trainer.postMessage({ task: 'rate', rate });
}

function restart() {
    seed++;
    started = false;
    const was = training;
    if (start()) setTraining(was);
}

$('mixture-name').textContent = `A mixture of ${about.gaussians} Gaussians`;
for (const name of about.densities) $('density').append(new Option(name, name));
$('density').append(Object.assign(new Option('', ''), { hidden: true }));
for (const [name, first] of [['blocks', 0], ['components', 1]]) {
    $(name).max = about[name].length - 1;
    setSlider(name, first);
    $(name).oninput = () => setSlider(name, $(name).value);
    $(name).onchange = restart;
}
$('rate').oninput = setRate;
$('density').onchange = async () => {
    if ($('density').value === '') return;
    if (await drawDensity()) restart();
};
$('redraw').onclick = async () => {
    seed++;
    if ($('density').value === '') $('density').value = about.densities[0];
    await drawDensity();
};
$('clear').onclick = async () => {
    setTraining(false);
    ownPoints('drawn by hand');
    [started, flow, seen, losses] = [false, null, {}, []];
    for (const id of ['nll', 'truth']) $(id).textContent = '–';
    await setPoints({ train: EMPTY, held: EMPTY, truth: NaN }, BOARD);
    say('No points. Draw some, then press Train.');
};
$('train').onclick = () => setTraining(!training);
$('restart').onclick = restart;
$('layer').oninput = () => {
    setPlaying(false);
    setLayer(Number($('layer').value));
};
$('play').onclick = () => setPlaying(!playing);
$('save').onclick = () => {
    if (!flow) return say('There is no flow yet: press Train.', true);
    const link = Object.assign(document.createElement('a'), { href: URL.createObjectURL(new Blob([flow])), download: 'flow.bin' });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};
$('table').onchange = () => open($('table'), openPoints);
$('flow-file').onchange = () => open($('flow-file'), openFlow);
$('score-file').onchange = () => open($('score-file'), scorePoints);

const board = $('points');
const under = ({ offsetX, offsetY }) => {
    const scale = data.box.size / board.clientWidth;
    return [data.box.x + offsetX * scale, data.box.y + data.box.size - offsetY * scale];
};
board.onpointerdown = event => {
    board.setPointerCapture(event.pointerId);
    cursor = null;
    brush(under(event));
};
board.onpointermove = event => event.buttons && brush(under(event));
board.onfocus = () => {
    repaint('points');
    if (board.matches(':focus-visible')) cursor ??= [data.box.x + data.box.size / 2, data.box.y + data.box.size / 2];
};
board.onblur = () => {
    cursor = null;
    repaint('points');
};
board.onkeydown = event => {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    cursor ??= [data.box.x + data.box.size / 2, data.box.y + data.box.size / 2];
    const move = moves[event.key];
    if (move) cursor = cursor.map((value, d) => value + move[d] * data.box.size / (event.shiftKey ? 10 : 40));
    else if (event.key === ' ' || event.key === 'Enter') brush(cursor);
    else return;
    repaint('points');
    event.preventDefault();
};

const overScore = event => event.target.closest?.('#score');
addEventListener('dragover', event => {
    event.preventDefault();
    $('score').classList.toggle('over', !!overScore(event));
});
addEventListener('dragleave', () => $('score').classList.remove('over'));
addEventListener('drop', async event => {
    event.preventDefault();
    $('score').classList.remove('over');
    const files = [...event.dataTransfer.files], flows = files.filter(file => file.name.endsWith('.bin'));
    for (const file of flows) await openFlow(file);
    for (const file of files.filter(file => !flows.includes(file))) await (overScore(event) || flows.length > 0 ? scorePoints(file) : openPoints(file));
});

$('grid').onchange = () => repaint('heat');
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    draw.readColours();
    repaint();
});
new ResizeObserver(() => repaint()).observe($('panels'));
draw.readColours();
setRate();
looks();
await drawDensity();
tell();
requestAnimationFrame(frame);
say('Press Train. Draw more points whenever you like: the flow follows.');
document.documentElement.dataset.ready = 'yes';
