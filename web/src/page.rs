//! What JavaScript sees. Points are numbers `x, y, x, y, ...`; every error is a sentence for the reader.

use gaussflow::standard_normal;
use rand_pcg::Pcg64;
use wasm_bindgen::prelude::*;

use crate::{BATCH, BLOCKS, COMPONENTS, DENSITIES, Density, GAUSSIANS, Model, Training, decode, mixture_nll, start};

/// The flow of a file, to look at.
#[wasm_bindgen]
pub struct View(Box<dyn Model>);

#[wasm_bindgen]
impl View {
    /// Reads what `Flow::encode` wrote, of one of the sizes that there are.
    #[wasm_bindgen(constructor)]
    pub fn new(bytes: &[u8]) -> Result<View, JsError> {
        Ok(View(decode(bytes)?))
    }

    #[wasm_bindgen(getter)]
    pub fn blocks(&self) -> usize {
        self.0.size()[0]
    }

    #[wasm_bindgen(getter)]
    pub fn components(&self) -> usize {
        self.0.size()[1]
    }

    #[wasm_bindgen(getter)]
    pub fn parameters(&self) -> usize {
        self.0.parameters()
    }

    /// `log p(x)` of each point, in nats.
    #[wasm_bindgen(js_name = logProbs)]
    pub fn log_probs(&self, points: &[f32]) -> Vec<f32> {
        self.0.log_probs(points.as_chunks().0)
    }

    /// The points that the latents come from.
    pub fn inverse(&self, latents: &[f32]) -> Vec<f32> {
        self.0.inverse(latents.as_chunks().0.to_vec()).into_flattened()
    }

    /// The points, then all of them after each layer; the last are the latents.
    pub fn states(&self, points: &[f32]) -> Vec<f32> {
        self.0.states(points.as_chunks().0).into_flattened()
    }
}

/// A fit.
#[wasm_bindgen]
pub struct Fit(Box<dyn Training>);

#[wasm_bindgen]
impl Fit {
    #[wasm_bindgen(constructor)]
    pub fn new(blocks: usize, components: usize, points: &[f32], seed: u32) -> Result<Fit, JsError> {
        match start(blocks, components, points.as_chunks().0.to_vec(), seed.into())? {
            Some(training) => Ok(Fit(training)),
            None => Err(JsError::new(&format!("there is no flow of {blocks} blocks and {components} components"))),
        }
    }

    /// Trains on other points from now on.
    #[wasm_bindgen(js_name = setPoints)]
    pub fn set_points(&mut self, points: &[f32]) {
        self.0.set_points(points.as_chunks().0.to_vec());
    }

    /// One step; its loss in nats.
    pub fn step(&mut self, learning_rate: f32) -> Result<f32, JsError> {
        Ok(self.0.step(learning_rate)?)
    }

    /// The flow as a file.
    pub fn encode(&self) -> Result<Vec<u8>, JsError> {
        Ok(self.0.model().encode()?)
    }
}

/// The numbers of blocks that there are.
#[wasm_bindgen]
pub fn blocks() -> Vec<usize> {
    BLOCKS.to_vec()
}

/// The numbers of components that there are.
#[wasm_bindgen]
pub fn components() -> Vec<usize> {
    COMPONENTS.to_vec()
}

/// Points of a step.
#[wasm_bindgen]
pub fn batch() -> usize {
    BATCH
}

/// The names of the densities that there are.
#[wasm_bindgen]
pub fn densities() -> Vec<String> {
    DENSITIES.iter().map(|density| density.name.into()).collect()
}

fn density(name: &str) -> Result<&'static Density, JsError> {
    DENSITIES.iter().find(|density| density.name == name).ok_or_else(|| JsError::new(&format!("there is no density `{name}`")))
}

/// Points from the density of this name.
#[wasm_bindgen]
pub fn draw(name: &str, count: usize, seed: u32) -> Result<Vec<f32>, JsError> {
    Ok(density(name)?.draw(count, seed.into()).into_flattened())
}

/// The mean of `-log p` of points under the density of this name, in nats; NaN where it is not known.
#[wasm_bindgen(js_name = trueNll)]
pub fn true_nll(name: &str, points: &[f32]) -> Result<f64, JsError> {
    Ok(density(name)?.mean_nll(points.as_chunks().0))
}

/// Components of the mixture that a flow is compared with.
#[wasm_bindgen]
pub fn gaussians() -> usize {
    GAUSSIANS
}

/// The mean of `-log p` of held-out points under a mixture fitted to others, in nats.
#[wasm_bindgen(js_name = mixtureNll)]
pub fn of_mixture(points: &[f32], held: &[f32]) -> Result<f64, JsError> {
    Ok(mixture_nll(points.as_chunks().0, held.as_chunks().0)?)
}

/// So many numbers from the standard normal.
#[wasm_bindgen]
pub fn normals(count: usize, seed: u32) -> Vec<f32> {
    let mut rng = Pcg64::new(seed.into(), 0x6e6f_726d);
    (0..count).map(|_| standard_normal(&mut rng)).collect()
}
