/** The build without Redis, which is the one Octokit's plugins load; its types are those of the whole. */
declare module 'bottleneck/light.js' {
  import Bottleneck from 'bottleneck';
  export default Bottleneck;
}
