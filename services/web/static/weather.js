// The weather as the reader's language has it, suggestions while a place is being typed, the position on request.
"use strict";
(() => {
  const FAHRENHEIT = new Set(["US", "LR", "BS", "BZ", "KY", "PW", "FM", "MH"]);
  const MPH = new Set([...FAHRENHEIT, "GB"]);
  const region = (() => {
    try {
      return new Intl.Locale(navigator.language).maximize().region;
    } catch {
      return "";
    }
  })();
  const halfDays = new Intl.DateTimeFormat(navigator.language, { hour: "numeric" }).resolvedOptions().hour12;
  const usual = FAHRENHEIT.has(region) ? "imperial" : MPH.has(region) ? "british" : "kmh";

  const degrees = (celsius) => {
    const whole = Math.round(usual === "imperial" ? celsius * 1.8 + 32 : celsius);
    return whole < 0 ? `−${-whole}°` : `${whole + 0}°`;
  };
  const wind = (speed, said) => {
    const point = /[NESW]+$/.exec(said)?.[0];
    const figure = usual === "kmh" ? `${Math.round(speed * 3.6)} km/h` : `${Math.round(speed / 0.44704)} mph`;
    return point ? `${figure} ${point}` : figure;
  };
  const hour = (text) => {
    const [hours, minutes] = text.split(":").map(Number);
    return `${hours % 12 || 12}:${String(minutes).padStart(2, "0")} ${hours < 12 ? "am" : "pm"}`;
  };

  const adapt = () => {
    const box = document.querySelector(".weather");
    if (!box || box.dataset.adapted) return;
    box.dataset.adapted = "1";
    if (box.dataset.units === "auto") {
      for (const part of box.querySelectorAll("data.deg")) part.textContent = degrees(Number(part.value));
      for (const part of box.querySelectorAll("data.wind")) part.textContent = wind(Number(part.value), part.textContent);
    }
    if (box.dataset.clock === "auto" && halfDays) {
      for (const part of box.querySelectorAll(".hour")) part.textContent = hour(part.textContent);
      const outlook = box.querySelector(".outlook");
      const time = /\d\d:\d\d/.exec(outlook?.textContent)?.[0];
      if (time && !outlook.querySelector("time")) outlook.textContent = outlook.textContent.replace(time, hour(time));
    }
    const button = box.querySelector("button.here");
    if (button && navigator.geolocation) button.hidden = false;
  };

  const here = (button) => {
    button.disabled = true;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        const form = document.createElement("form");
        form.method = "post";
        form.action = button.form.action;
        for (const name of ["latitude", "longitude"]) {
          form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value: coords[name] }));
        }
        document.body.append(form);
        form.submit();
      },
      () => {
        button.textContent = "Your position is not to be had";
      },
      { maximumAge: 600000, timeout: 20000 },
    );
  };

  let typed = 0;
  const suggest = (field) => {
    clearTimeout(typed);
    const query = field.value.trim();
    if (query.length < 2) return;
    typed = setTimeout(async () => {
      const answer = await fetch(`/weather/search?q=${encodeURIComponent(query)}`).catch(() => null);
      if (!answer?.ok) return;
      const { places } = await answer.json();
      document.querySelector("#places")?.replaceChildren(
        ...places.map((place) => Object.assign(document.createElement("option"), { value: place.full_name })),
      );
    }, 200);
  };

  document.addEventListener("click", (event) => {
    if (event.target.matches?.("button.here")) here(event.target);
    else if (!event.target.closest?.(".weather")) document.querySelector(".masthead details.forecast[open]")?.removeAttribute("open");
  });
  document.addEventListener("keydown", (event) => {
    const open = document.querySelector(".masthead details.forecast[open]");
    if (event.key !== "Escape" || !open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
  document.addEventListener("input", (event) => {
    if (event.target.matches?.(".where input[list]")) suggest(event.target);
  });
  adapt();
  document.addEventListener("pressroom:news", adapt);
})();
