// Runs the generator with ONNX Runtime Web (`ort`) and draws latents that the user chooses.

const LEG_MS = 2500; // milliseconds of an interpolation from one latent to the next
const RATE_IMAGES = 20; // images over which the speed is averaged

const facts = JSON.parse(document.getElementById("facts").textContent);
const canvas = document.querySelector("canvas");
const context = canvas.getContext("2d");
const status = document.querySelector("[role=status]");
const sliders = [...document.querySelectorAll("input")];
const [random, walk, save] = ["random", "walk", "save"].map((id) => document.getElementById(id));

let session;
let z; // Float32Array of length facts.latent: the latent that is shown

// Latents

function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random()); // Box and Muller 1958, doi:10.1214/aoms/1177706645
}

const draw = () => Float32Array.from({ length: facts.latent }, normal);

const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);

function slerp(a, b, t) { // as in train/interpolate.py
  const angle = Math.acos(Math.min(1, Math.max(-1, dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)))));
  const [p, q] = [1 - t, t].map((part) => Math.sin(angle) < 1e-9 ? part : Math.sin(part * angle) / Math.sin(angle));
  return a.map((x, i) => p * x + q * b[i]);
}

const bytesOf = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

// The fragment of the page's address is the base64url of the latent's float32 bytes, so that a bookmark keeps an image.

function toFragment(latent) {
  const text = btoa(String.fromCharCode(...new Uint8Array(latent.buffer)));
  return "#" + text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function fromFragment(fragment) {
  try {
    const text = fragment.slice(1).replaceAll("-", "+").replaceAll("_", "/");
    const latent = new Float32Array(bytesOf(text).buffer);
    return latent.length === facts.latent && latent.every(Number.isFinite) ? latent : null;
  } catch {
    return null; // not such a fragment
  }
}

// Pictures

const durations = []; // milliseconds of the last images

async function paint() {
  const started = performance.now();
  const { images } = await session.run({ z: new ort.Tensor("float32", z, [1, facts.latent, 1, 1]) });
  const planes = images.data;
  const count = facts.size ** 2;
  const pixels = new ImageData(facts.size, facts.size); // rounds and clamps to bytes
  for (let i = 0; i < count; i++) {
    for (let channel = 0; channel < 3; channel++) pixels.data[4 * i + channel] = (planes[channel * count + i] + 1) * 127.5;
    pixels.data[4 * i + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
  images.dispose();
  durations.push(performance.now() - started);
  if (durations.length > RATE_IMAGES) durations.shift();
}

function describe() {
  const mean = durations.reduce((a, b) => a + b, 0) / durations.length;
  status.textContent = `${mean.toFixed(0)} ms an image, ${(1000 / mean).toFixed(0)} images/s`;
  sliders.forEach((slider, i) => {
    const value = dot(z, facts.directions[i]);
    if (slider !== dragged) slider.value = value;
    slider.nextElementSibling.textContent = value.toFixed(1).replace("-", "−");
  });
}

let painting = false;
let stale = false;

async function show(latent) {
  z = latent;
  stale = true;
  if (painting) return; // the loop below paints the newest latent
  painting = true;
  while (stale) {
    stale = false;
    await paint();
    describe();
  }
  painting = false;
}

function updateAddress() {
  history.replaceState(null, "", toFragment(z));
}

// Interpolation from random latent to random latent, until it is stopped

let interpolating = false;

async function interpolate() {
  while (interpolating) {
    const [from, to, started] = [z, draw(), performance.now()];
    for (let t = 0; interpolating && t < 1; ) {
      t = Math.min(1, (await nextFrame() - started) / LEG_MS);
      if (interpolating) await show(slerp(from, to, Math.max(0, t)));
    }
  }
}

const nextFrame = () => new Promise(requestAnimationFrame);

function stop() {
  interpolating = false;
  walk.setAttribute("aria-pressed", "false");
}

walk.addEventListener("click", () => {
  if (interpolating) {
    stop();
    updateAddress();
  } else {
    interpolating = true;
    walk.setAttribute("aria-pressed", "true");
    interpolate();
  }
});

random.addEventListener("click", async () => {
  stop();
  await show(draw());
  updateAddress();
});

// The mark in a saved picture, as train/xmp_container.py writes it

const HEADER = 33; // bytes of the signature and the chunk IHDR, which comes first

function crc32(bytes) { // PNG, third edition, annex D
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc;
}

function uint32(value) {
  const bytes = new DataView(new ArrayBuffer(4));
  bytes.setUint32(0, value);
  return bytes;
}

function marked(png) {
  const body = new TextEncoder().encode("iTXtXML:com.adobe.xmp\0\0\0\0\0" + facts.xmp);
  const chunk = [uint32(body.length - 4), body, uint32(crc32(body))];
  return new Blob([png.slice(0, HEADER), ...chunk, png.slice(HEADER)], { type: "image/png" });
}

save.addEventListener("click", () => canvas.toBlob((png) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(marked(png));
  link.download = `${facts.name}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}));

let dragged = null;

sliders.forEach((slider, i) => {
  const direction = facts.directions[i];
  slider.addEventListener("input", () => {
    stop();
    dragged = slider;
    const change = slider.value - dot(z, direction);
    show(z.map((x, k) => x + change * direction[k]));
  });
  slider.addEventListener("change", () => {
    dragged = null;
    updateAddress();
  });
});

addEventListener("hashchange", () => {
  stop();
  const latent = fromFragment(location.hash);
  if (latent) show(latent);
});

// Start

async function unpack(id) {
  const element = document.getElementById(id);
  const text = element.textContent;
  element.remove();
  const packed = Uint8Array.fromBase64?.(text) ?? bytesOf(text); // browsers before 2025 lack Uint8Array.fromBase64
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

try {
  ort.env.wasm.wasmBinary = await unpack("wasm");
  ort.env.wasm.numThreads = 1; // a local file has no cross-origin isolation, which shared memory needs
  session = await ort.InferenceSession.create(await unpack("generator"), { executionProviders: ["wasm"] });
  await show(fromFragment(location.hash) ?? draw());
  updateAddress();
  for (const control of [random, walk, save, ...sliders]) control.disabled = false;
} catch (error) {
  status.textContent = `This browser cannot run the generator: ${error.message}`;
  throw error;
}
