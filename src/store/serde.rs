//! A flow in the formats of `serde`, without a heap.

use core::fmt;
use core::marker::PhantomData;

use ::serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use ::serde::ser::{self, SerializeSeq, SerializeStruct, Serializer};
use ::serde::{Deserialize, Serialize};

use crate::bijector::Bijector;
use crate::flow::Flow;
use crate::number::{Real, Zeros};
use crate::parameters::Parameters;
use crate::store::format::structure_hash;

const FIELDS: [&str; 2] = ["structure", "parameters"];

/// As `{ structure, parameters }`: the hash of [`format`](crate::store::format), and one flat sequence of all scalars in the order of [`Parameters::zip`].
/// A format that keeps the digits gives the same bits back; `serde_json` does so in `f64` with its feature `float_roundtrip`.
///
/// # Errors
/// One parameter is infinite or NaN.
impl<T: Real, B: Bijector<T, D, C> + Parameters<T>, const D: usize, const C: usize> Serialize for Flow<T, B, D, C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut flow = serializer.serialize_struct("Flow", FIELDS.len())?;
        flow.serialize_field(FIELDS[0], &structure_hash::<T, B, D, C>())?;
        flow.serialize_field(FIELDS[1], &Scalars(self, PhantomData::<T>))?;
        flow.end()
    }
}

/// The parameters as a sequence.
struct Scalars<'a, T, F>(&'a F, PhantomData<T>);

impl<T: Real, F: Parameters<T>> Serialize for Scalars<'_, T, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sequence = serializer.serialize_seq(Some(F::COUNT + F::FIXED))?;
        let mut done = Ok(());
        self.0.visit(&mut |_, slice| {
            for x in slice {
                if done.is_ok() {
                    let wide: f64 = x.as_();
                    done = match (x.is_finite(), T::BITS) {
                        (false, _) => Err(ser::Error::custom("a parameter of the flow is not finite")),
                        // Exact: `wide` was an `f32`.
                        (true, 32) => sequence.serialize_element(&(wide as f32)),
                        (true, _) => sequence.serialize_element(&wide),
                    };
                }
            }
        });
        done?;
        sequence.end()
    }
}

/// A flow passes over the stack here; a large one is read in place, by the [`DeserializeSeed`] that `&mut Flow` is.
impl<'de, T: Real, B: Bijector<T, D, C> + Parameters<T> + Zeros, const D: usize, const C: usize> Deserialize<'de> for Flow<T, B, D, C> {
    fn deserialize<R: Deserializer<'de>>(deserializer: R) -> Result<Self, R::Error> {
        let mut flow = Flow::ZEROS;
        flow.deserialize(deserializer)?;
        Ok(flow)
    }
}

/// Reads the parameters in place.
///
/// # Errors
/// What is read is of a flow of another structure, too short, too long or not finite. The flow may then hold a part of it; [`Flow::decode`] leaves it as it was.
impl<'de, T: Real, B: Bijector<T, D, C> + Parameters<T>, const D: usize, const C: usize> DeserializeSeed<'de> for &mut Flow<T, B, D, C> {
    type Value = ();

    fn deserialize<R: Deserializer<'de>>(self, deserializer: R) -> Result<(), R::Error> {
        deserializer.deserialize_struct("Flow", &FIELDS, InPlace(self))
    }
}

struct InPlace<'a, F>(&'a mut F);

impl<'de, T: Real, B: Bijector<T, D, C> + Parameters<T>, const D: usize, const C: usize> Visitor<'de> for InPlace<'_, Flow<T, B, D, C>> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a flow's structure and parameters")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        let structure = sequence.next_element()?.ok_or(de::Error::invalid_length(0, &self))?;
        same_structure::<T, B, A::Error, D, C>(structure)?;
        sequence.next_element_seed(Fill(self.0, PhantomData::<T>))?.ok_or(de::Error::missing_field(FIELDS[1]))
    }

    /// In either order: formats may sort the fields.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut structure, mut parameters) = (None, None);
        while let Some(Field(field)) = map.next_key()? {
            match field {
                Some(0) => structure = Some(same_structure::<T, B, A::Error, D, C>(map.next_value()?)?),
                Some(_) => parameters = Some(map.next_value_seed(Fill(self.0, PhantomData::<T>))?),
                None => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        structure.ok_or(de::Error::missing_field(FIELDS[0]))?;
        parameters.ok_or(de::Error::missing_field(FIELDS[1]))
    }
}

fn same_structure<T: Real, B: Bijector<T, D, C>, E: de::Error, const D: usize, const C: usize>(structure: u64) -> Result<(), E> {
    if structure == structure_hash::<T, B, D, C>() { Ok(()) } else { Err(E::custom("a flow of another structure")) }
}

/// The index of a field's name.
struct Field(Option<usize>);

impl<'de> Deserialize<'de> for Field {
    fn deserialize<R: Deserializer<'de>>(deserializer: R) -> Result<Self, R::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = Field;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a field")
            }
            fn visit_str<E: de::Error>(self, name: &str) -> Result<Field, E> {
                Ok(Field(FIELDS.iter().position(|field| *field == name)))
            }
        }
        deserializer.deserialize_identifier(Name)
    }
}

/// A sequence into the parameters.
struct Fill<'a, T, F>(&'a mut F, PhantomData<T>);

impl<'de, T: Real, F: Parameters<T>> DeserializeSeed<'de> for Fill<'_, T, F> {
    type Value = ();
    fn deserialize<R: Deserializer<'de>>(self, deserializer: R) -> Result<(), R::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Real, F: Parameters<T>> Visitor<'de> for Fill<'_, T, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} finite numbers", F::COUNT + F::FIXED)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        let (mut count, mut done) = (0, Ok(()));
        self.0.visit_mut(&mut |_, slice| {
            for place in slice {
                if done.is_ok() {
                    match sequence.next_element::<Scalar<T>>() {
                        Ok(Some(Scalar(x))) if x.is_finite() => (*place, count) = (x, count + 1),
                        Ok(Some(_)) => done = Err(de::Error::custom("a parameter is not finite")),
                        Ok(None) => done = Err(de::Error::custom(format_args!("{count} parameters, fewer than the flow's"))),
                        Err(error) => done = Err(error),
                    }
                }
            }
        });
        done?;
        match sequence.next_element::<IgnoredAny>()? {
            None => Ok(()),
            Some(_) => Err(de::Error::custom(format_args!("more than the {count} parameters of the flow"))),
        }
    }
}

/// A scalar, asked for in its own width.
struct Scalar<T>(T);

impl<'de, T: Real> Deserialize<'de> for Scalar<T> {
    fn deserialize<R: Deserializer<'de>>(deserializer: R) -> Result<Self, R::Error> {
        let x = if T::BITS == 32 { f32::deserialize(deserializer)?.into() } else { f64::deserialize(deserializer)? };
        Ok(Scalar(T::from_f64(x)))
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::string::{String, ToString};

    use ::serde::de::DeserializeSeed;
    use rand_pcg::Pcg32;

    use crate::factory::CouplingFlow;
    use crate::{Flow, Real, Reverse, Zeros};

    type Small<T> = CouplingFlow<T, 3, 1, 2, 1, 2, 3>;

    fn text<T: Real>() -> (Small<T>, String) {
        let flow = Small::<T>::random(&mut Pcg32::new(1, 1));
        let text = serde_json::to_string(&flow).unwrap();
        (flow, text)
    }

    fn comes_back<T: Real>() {
        let (flow, text) = text::<T>();
        assert!(serde_json::from_str::<Small<T>>(&text).unwrap() == flow);
        // With the fields sorted, and others beside them.
        let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
        value["a comment"] = "two moons".into();
        assert!(serde_json::from_value::<Small<T>>(value.clone()).unwrap() == flow);
        // As a plain sequence, in place.
        let mut other = Small::<T>::ZEROS;
        let sequence = serde_json::json!([value["structure"], value["parameters"]]);
        (&mut other).deserialize(sequence).unwrap();
        assert!(other == flow);
    }

    #[test]
    fn flows_come_back() {
        comes_back::<f32>();
        comes_back::<f64>();
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let error = |text: &str| serde_json::from_str::<Small<f64>>(text).map(drop).unwrap_err().to_string();
        let (mut flow, good) = text::<f64>();
        let open = good.strip_suffix("]}").unwrap();
        assert!(error(&std::format!("{open},0.5]}}")).contains("more than the"));
        let last = open.rfind(',').unwrap();
        assert!(error(&std::format!("{}]}}", &open[..last])).contains("fewer than"));
        assert!(error(&std::format!("{},\"x\"]}}", &open[..last])).contains("invalid type"));
        assert!(error("{}").contains("missing field `structure`"));
        assert!(error(&good.replace("parameters", "others")).contains("missing field `parameters`"));
        let turned = serde_json::from_str::<Flow<f64, Reverse, 3>>(&good).map(drop).unwrap_err().to_string();
        assert!(turned.contains("another structure"), "{turned}");
        flow.bijector[0].0.reflectors[0][0] = f64::NAN;
        assert!(serde_json::to_string(&flow).unwrap_err().to_string().contains("not finite"));
    }
}
