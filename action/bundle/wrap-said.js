import{n as e,t}from"./wrap-ansi.js";import{stripVTControlCharacters as n}from"node:util";const r=/^[^\s:]+:\d+:\d+: /,i=(e,t)=>e.split(`
`).map(e=>a(e,t)).join(`
`);function a(i,a){if(e(i)<=a||r.test(n(i)))return i;let o=/^ */.exec(i)?.[0]??``,s=Math.max(24,a-o.length-2);return t(i.slice(o.length),s).split(`
`).map((e,t)=>`${o}${t===0?``:`  `}${e.trimEnd()}`).join(`
`)}export{i as wrapSaid};